// The sessions of C4, and what the clients know of each: living, ending (its end was asked for), or ended. A session is in the
// hand of one client at a time, so that its refresh token is never used twice by mistake.
import { USERS } from './instances.mjs';

/** How many ended sessions are asked for again and again. */
const REMEMBERED = 200;
/** One greeting in so many is for an ended session. */
const GONE_ONE_IN = 4;

export class Crowd {
  living = [];
  gone = [];
  #taken = new Set();
  /** Users whose sign-ins are under way, by their number; -1 while all their sessions end. */
  #signingIn = new Map();

  constructor(random) {
    this.random = random;
  }

  /** A user who can sign in now: whose sessions do not end meanwhile. */
  userToSignIn() {
    const user = USERS[Math.floor(this.random() * USERS.length)];
    const underWay = this.#signingIn.get(user) ?? 0;
    if (underWay < 0) return null;
    this.#signingIn.set(user, underWay + 1);
    return user;
  }

  /** `session`: nothing, if the sign-in was not answered. */
  signedIn(user, session) {
    this.#signingIn.set(user, this.#signingIn.get(user) - 1);
    if (session) this.living.push(Object.assign(session, { user, state: 'living' }));
  }

  /** A session for a greeting. */
  anyone() {
    const gone = this.gone.length > 0 && this.random() * GONE_ONE_IN < 1;
    // The newest of the ended ones are those that an instance could have missed.
    const among = gone ? this.gone.slice(-Math.ceil(this.random() * this.gone.length)) : this.living;
    return among[Math.floor(this.random() * among.length)];
  }

  /** A living session that no other client has. */
  take() {
    const session = this.living[Math.floor(this.random() * this.living.length)];
    if (!session || session.state !== 'living' || this.#taken.has(session)) return null;
    this.#taken.add(session);
    return session;
  }

  /** A session, and all others of its user, which will end. */
  takeWithOthers() {
    const session = this.take();
    if (!session) return null;
    const others = this.living.filter(other => other.user === session.user && other !== session && other.state === 'living');
    if (others.length === 0 || (this.#signingIn.get(session.user) ?? 0) !== 0) {
      this.giveBack(session);
      return null;
    }
    this.#signingIn.set(session.user, -1);
    return { session, others };
  }

  giveBack(session, everywhere = false) {
    this.#taken.delete(session);
    if (everywhere) this.#signingIn.set(session.user, 0);
  }

  ended(session) {
    session.state = 'ended';
    this.living.splice(this.living.indexOf(session), 1);
    this.gone.push(session);
    if (this.gone.length > REMEMBERED) this.gone.shift();
  }
}
