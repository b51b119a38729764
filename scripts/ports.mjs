// Ports of this machine.
import { connect, createServer } from 'node:net';

export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(servers.map(server => new Promise(port => {
    server.listen(0, '127.0.0.1', () => port(server.address().port));
  })));
  await Promise.all(servers.map(server => new Promise(closed => server.close(closed))));
  return ports;
}

/** Resolves when a process listens on this port. */
export async function reached(port) {
  const tried = () => new Promise(answered => {
    const socket = connect(port, '127.0.0.1', () => answered(true)).once('error', () => answered(false)).once('close', () => {});
    socket.unref();
  });
  while (!(await tried())) await new Promise(later => setTimeout(later, 50));
}
