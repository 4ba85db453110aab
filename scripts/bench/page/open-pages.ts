import { get, type IncomingMessage } from 'node:http';

/** Open pages, as far as the collector can tell: each follows its stream from the estate of now on. */
export interface OpenPages {
  /** Resolves with the instants (performance.now) at which each page got a text, once all have. */
  heard: (text: string) => Promise<number[]>;
  /** Bytes that all pages got so far. */
  bytes: () => number;
  close: () => void;
}

export async function openPages(web: string, count: number): Promise<OpenPages> {
  const answer = await fetch(new URL('/api/v1/estate', web));
  const moment = /"(.+)"/.exec(answer.headers.get('etag') ?? '')?.[1] ?? '';
  await answer.body?.cancel();
  const pages = await Promise.all(
    Array.from({ length: count }, () => opened(new URL(`/api/v1/live?after=${moment}`, web))),
  );
  let bytes = 0;
  let wanted: { text: string; missing: Set<IncomingMessage>; at: number[]; done: (at: number[]) => void } | undefined;
  for (const page of pages)
    page.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (!wanted?.missing.has(page) || !chunk.includes(wanted.text)) return;
      wanted.missing.delete(page);
      wanted.at.push(performance.now());
      if (wanted.missing.size === 0) wanted.done(wanted.at);
    });
  return {
    heard: (text) =>
      new Promise((done) => {
        wanted = { text, missing: new Set(pages), at: [], done };
      }),
    bytes: () => bytes,
    close() {
      for (const page of pages) page.destroy();
    },
  };
}

async function opened(url: URL): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, resolve).on('error', reject);
  });
}
