import test, { type ExecutionContext } from 'ava';
import { event } from '../helpers/example-snapshot.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

interface Message {
  event: string;
  id: string;
  data: { at: string; topics?: string[] };
}

/** Reads a real event stream. */
async function follow(t: ExecutionContext, url: string, lastId?: string): Promise<() => Promise<Message>> {
  const abort = new AbortController();
  t.teardown(() => abort.abort());
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
  const response = await fetch(`${url}/api/v1/live`, { headers, signal: abort.signal });
  t.is(response.headers.get('content-type'), 'text/event-stream');
  t.regex(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Message> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end < 0) {
        const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) throw new Error('the stream ended');
        text += value;
        continue;
      }
      const lines = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line): [string, string] => [line.split(': ')[0] ?? '', line.slice(line.indexOf(': ') + 2)]),
      );
      text = text.slice(end + 2);
      const name = lines.get('event');
      if (name) return { event: name, id: lines.get('id') ?? '', data: JSON.parse(lines.get('data') ?? '{}') };
    }
  };
  return next;
}

test('a page hears a tick at once, what it missed, and every change', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const wire = await begin(join, await enrol(join, 'web-1'));
  const next = await follow(t, collector.url);
  t.is((await next()).event, 'tick');
  t.is((await next()).event, 'changed');
  wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(1)] });
  for (;;) {
    const message = await next();
    if (message.event !== 'changed' || !message.data.topics?.includes('events')) continue;
    t.regex(message.id, /^\d+-\d+$/);
    t.true(Number.isFinite(Date.parse(message.data.at)));
    break;
  }
});

test('a page that saw the last change is told of none', async (t) => {
  const collector = await startTestCollector(t);
  const first = await follow(t, collector.url);
  t.is((await first()).event, 'tick');
  const { id } = await first();
  const again = await follow(t, collector.url, id);
  t.is((await again()).event, 'tick');
  t.is((await again()).event, 'tick');
});
