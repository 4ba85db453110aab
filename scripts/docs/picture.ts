import { fileURLToPath } from 'node:url';
import { incidentEstate } from '../../test/collector/web/example-incident.ts';
import { servePage } from '../../test/collector/web/page-server.ts';
import { startBrowser } from '../../test/helpers/browser.ts';

/** Takes the README's picture anew: the page's own files in a real browser, on the estate of an incident. Returns what was written. */
export async function takePicture(): Promise<string> {
  const name = 'docs/status-page.png';
  const server = await servePage(incidentEstate(new Date()));
  const browser = await startBrowser();
  try {
    const { page } = await browser.open(server.url, { width: 1280, height: 900, colorScheme: 'light' });
    await page.locator('.needs article').first().waitFor();
    await page.locator('.heartbeat.live').waitFor();
    await page.screenshot({ path: fileURLToPath(new URL(`../../${name}`, import.meta.url)) });
    return name;
  } finally {
    await browser.close();
    await server.close();
  }
}
