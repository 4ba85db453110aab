import { jsonLine, printable } from '@certherd/command-line/printable';
import { certificateColumns } from '../present/certificate-list.ts';
import { byUrgency, type CertificateRow, certificateRowsOf } from '../present/certificate-rows.ts';
import { storyOf } from '../present/certificate-story.ts';
import { placesServing } from '../present/target-rows.ts';
import { pemText } from '../serve/pem-text.ts';
import { stayView } from '../serve/stay-view.ts';
import { certificateItem } from './certificate.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { restingEstate, storeOf } from './database.ts';
import { listLines } from './print-list.ts';
import { tellCertificate } from './tell-certificate.ts';

/** `certificate show CERTIFICATE`: everything that is known of one, or, with `pem`, the certificate itself. */
export async function showCertificate(
  wanted: string,
  options: JsonOptions & { pem: boolean },
  console: Console,
): Promise<number> {
  if (options.pem && options.json) {
    console.complain('--pem: the certificate itself; leave out --json');
    return exitCodes.usage;
  }
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  try {
    const now = console.clock.now();
    const estate = await restingEstate(store, config, now);
    const found = certificateRowsOf(estate).sort(byUrgency).filter(isMeant(wanted));
    const [row] = found;
    if (!row || found.length > 1) return notOne(wanted, found, now, console);
    const { fingerprint } = row.certificate;
    if (options.pem) {
      const der = await store.der(fingerprint);
      if (der) console.print(pemText(der).trimEnd());
      else
        console.complain(`${fingerprint}: the collector does not have it itself: what it knows is what an agent said`);
      return der ? exitCodes.ok : exitCodes.failed;
    }
    const story = storyOf(estate, fingerprint);
    if (!story) throw new Error('a row without a story');
    const outside = placesServing(estate.targets, fingerprint).map(({ target, place }) => ({
      target: target.target,
      vantage: target.vantage,
      address: place.address,
      since: place.since,
    }));
    const history = (await store.stays(fingerprint)).map(stayView);
    const told = { row, story, outside, history, certificates: estate.certificates };
    if (options.json) {
      const item = { ...story, certificate: certificateItem(row), outside, history };
      console.print(jsonLine({ version: 1, at: estate.at, ...item }));
    } else tellCertificate(told, now, console);
    return exitCodes.ok;
  } finally {
    await store.close();
  }
}

/** By fingerprint, by at least eight characters of its begin, or by one of its names. */
function isMeant(wanted: string): (row: CertificateRow) => boolean {
  const text = wanted.toLowerCase().replaceAll(':', '');
  if (/^[0-9a-f]{8,64}$/.test(text)) return ({ certificate }) => certificate.fingerprint.startsWith(text);
  const name = wanted.toLowerCase();
  return ({ certificate, name: called }) =>
    called.toLowerCase() === name || certificate.subjectAltNames.some((one) => one.toLowerCase() === name);
}

function notOne(wanted: string, found: readonly CertificateRow[], now: number, console: Console): number {
  const shown = printable(wanted).slice(0, 200);
  if (found.length === 0)
    console.complain(
      `no certificate is ${shown}, by name or fingerprint: certherd-collector certificate list ${shown}`,
    );
  else {
    console.complain(`${found.length} certificates are for ${shown}: name one by its fingerprint`);
    const columns = ['fingerprint', 'name', 'state', 'validity', 'places'].flatMap(
      (name) => certificateColumns.find((column) => column.name === name) ?? [],
    );
    for (const line of listLines(found, columns, { now, width: undefined }).lines) console.complain(line);
  }
  return exitCodes.failed;
}
