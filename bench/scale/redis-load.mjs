import { connect } from 'node:net';

/** What a Redis has been asked since it started, and what it holds: its own figures. */
export async function redisLoad(url) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setEncoding('latin1').end('INFO\r\n');
  let text = '';
  for await (const part of socket) text += part;
  const figure = (name) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1]);
  return {
    commands: figure('total_commands_processed'),
    cpuMs: 1000 * Number(/^used_cpu_user:([\d.]+)/m.exec(text)?.[1]),
    bytes: figure('used_memory_dataset'),
  };
}
