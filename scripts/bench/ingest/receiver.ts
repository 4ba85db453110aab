import { WebSocketServer } from 'ws';
import { createFrameReader } from '../../../collector/receive/frames.ts';
import { maxFrameBytes } from '../../../protocol/version.ts';

// A process that only receives: `raw` counts messages, `validated` reads each as the collector does. It answers with what that cost.

export interface Cost {
  messages: number;
  /** Processor time since the first message, microseconds. */
  cpuMicros: number;
}

const [, , what = 'raw', count = '0'] = process.argv;
const wanted = Number(count);
const readFrame = createFrameReader();
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, maxPayload: maxFrameBytes });
let messages = 0;
let before = process.cpuUsage();

server.on('listening', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
});
server.on('connection', (socket) =>
  socket.on('message', (data) => {
    if (messages === 0) before = process.cpuUsage();
    if (what === 'validated' && !(Buffer.isBuffer(data) && readFrame(data.toString('utf8')).ok))
      throw new Error('not a frame');
    if (++messages !== wanted) return;
    const { user, system } = process.cpuUsage(before);
    process.send?.({ messages, cpuMicros: user + system } satisfies Cost);
  }),
);
process.on('disconnect', () => process.exit());
