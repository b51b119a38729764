// A program in TypeScript that uses all that the package exports: it is compiled, and never run.
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { Unknown, follower, type Claims, type Follower } from 'handstamp-follower';
import { signedIn as forExpress } from 'handstamp-follower/express';
import { signedIn as forFastify } from 'handstamp-follower/fastify';
import { signedIn as forHono } from 'handstamp-follower/hono';

const tokens: Follower = await follower({ issuer: 'https://id.example.org', client: 'billing', secret: 'x', staleAfter: 500 }).ready();
express().get('/', forExpress(tokens), (request, response) => void response.send(request.claims?.username));
fastify().get('/', { onRequest: forFastify(tokens) }, async request => request.claims?.sub);
new Hono().get('/', forHono(tokens), context => context.text(context.get('claims').sid));

export async function name(token: string): Promise<string | undefined> {
  try {
    const claims: Claims = await tokens.verify(token);
    return claims.username;
  } catch (error) {
    if (error instanceof Unknown) console.error(error.status, error.headers, error.body.code, tokens.stale, tokens.lastError);
    await tokens.stop();
    return undefined;
  }
}
