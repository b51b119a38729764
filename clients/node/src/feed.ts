// Reads answers of `GET /revocations` piece by piece, so that a snapshot of a million entries is never in memory as text.
// Knows the form of an answer: `{"cursor":"…","entries":[{"sid"|"jti":"…","exp":…},…]}`. Does not know HTTP.

export interface Entry {
  sid?: string;
  jti?: string;
  exp: number;
}

/**
 * Gives the entries to `take`, in parts, and returns the cursor. Throws if the answer has another form, or is cut off. What
 * `take` got before is true all the same.
 */
export async function readAnswer(texts: AsyncIterable<string>, take: (entries: Entry[]) => void): Promise<string> {
  let head = '';
  let rest = '';
  let tail = '';
  for await (const text of texts) {
    if (tail) {
      tail += text;
      continue;
    }
    rest += text;
    if (!head) {
      // Ids are base64url and numbers: the first bracket opens the list, and the next one closes it.
      const begin = rest.indexOf('[') + 1;
      if (begin === 0) continue;
      head = rest.slice(0, begin);
      rest = rest.slice(begin);
    }
    const end = rest.indexOf(']');
    if (end >= 0) {
      tail = rest.slice(end);
      rest = rest.slice(0, end);
    }
    const whole = rest.lastIndexOf('}') + 1;
    if (whole > 0) take(JSON.parse(`[${rest.slice(0, whole).replace(/^[\s,]+/, '')}]`) as Entry[]);
    rest = rest.slice(whole);
  }
  if (rest.trim()) throw new SyntaxError('the answer is cut off, or is no list of entries');
  const { cursor } = JSON.parse(head + tail) as { cursor: unknown };
  if (typeof cursor !== 'string') throw new SyntaxError('the cursor is no text');
  return cursor;
}
