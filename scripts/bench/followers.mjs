// A process of its own: many services that follow the blocklist of a server, each on one connection with a long poll.
//
// followers.mjs PORT AUTHORIZATION CURSOR SERVICES ENTRIES: says 'ready' to its parent when all wait. When each has been told
// this number of entries, it sends the different answers and when each service got which.
import { connect } from 'node:net';

const [port, authorization, begin, services, entries] = process.argv.slice(2);
const END_OF_HEADER = '\r\n\r\n';
/** The answers, by the cursors before and after: `number`, `body`, `count` of the entries. */
const answers = new Map();
const all = [];
let done = 0;

class Service {
  cursor = begin;
  known = 0;
  got = [];
  read = Buffer.alloc(0);

  constructor() {
    this.socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
    this.socket.on('data', bytes => this.take(bytes));
    this.socket.on('error', fail).on('close', () => fail(new Error('the server closed a connection')));
    this.connected = new Promise(connected => this.socket.once('connect', connected));
  }

  ask() {
    const head = `GET /revocations?after=${this.cursor} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nPrefer: wait=60`;
    this.socket.write(head + END_OF_HEADER);
  }

  take(bytes) {
    this.read = this.read.length > 0 ? Buffer.concat([this.read, bytes]) : bytes;
    const end = this.read.indexOf(END_OF_HEADER);
    if (end < 0) return;
    const head = this.read.latin1Slice(0, end);
    const length = Number(/^content-length: (\d+)/im.exec(head)[1]);
    const body = this.read.subarray(end + END_OF_HEADER.length);
    if (body.length < length) return;
    if (!head.startsWith('HTTP/1.1 200')) fail(new Error(head));
    this.read = Buffer.alloc(0);
    this.told(body, process.hrtime.bigint());
  }

  told(body, at) {
    // {"cursor":"…
    const after = body.latin1Slice(11, body.indexOf('"', 11));
    const range = `${this.cursor} ${after}`;
    let answer = answers.get(range);
    if (!answer) {
      answer = { number: answers.size, body: Buffer.from(body), count: JSON.parse(body).entries.length };
      answers.set(range, answer);
    } else if (!answer.body.equals(body)) {
      fail(new Error(`two services got different answers for ${range}`));
    }
    this.got.push([answer.number, Number(at / 1000n)]);
    this.cursor = after;
    this.known += answer.count;
    if (this.known >= entries && ++done === all.length) report();
    else this.ask();
  }
}

function report() {
  const bodies = [...answers.values()].map(({ body }) => body.toString());
  process.send({ bodies, got: all.map(({ got }) => got) }, () => process.exit(0));
}

function fail(error) {
  if (done < all.length) {
    console.error(`followers: ${error.stack}`);
    process.exit(1);
  }
}

for (let number = 0; number < services; number++) all.push(new Service());
await Promise.all(all.map(({ connected }) => connected));
all.forEach(service => service.ask());
process.send('ready');
