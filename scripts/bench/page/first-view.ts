import { get } from 'node:http';

/** What a browser gets for the first view, in bytes on the wire: the document, and all that it loads at once. */
export async function firstView(web: string): Promise<{ bytes: number; files: number }> {
  const document = await fetched(new URL('/', web), 'identity');
  const html = document.toString();
  const paths = [...html.matchAll(/(?:href|src)="(\/[^"]+\.(?:css|js))"/g)].map(([, path]) => path ?? '');
  const all = await Promise.all(['/', ...new Set(paths)].map((path) => fetched(new URL(path, web), 'br')));
  return { bytes: all.reduce((sum, { length }) => sum + length, 0), files: all.length };
}

/** The body as it is sent. */
function fetched(url: URL, encoding: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers: { 'accept-encoding': encoding } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks)));
      response.on('error', reject);
    }).on('error', reject);
  });
}
