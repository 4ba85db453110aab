import type { Certificate } from '@certherd/protocol/certificate';
import { openCertificate } from '@certherd/x509/certificate';
import { day } from '../../test/collector/helpers/example-snapshot.ts';
import { mint, type Minted, mintKey } from '../../test/helpers/mint.ts';
import type { Place } from './plan.ts';
import type { Authority } from './words.ts';

/** A place with its certificates, really made and read back; the oldest first. */
export interface Furnished extends Place {
  versions: readonly Certificate[];
  /** What is served behind the leaf. */
  chain: readonly Certificate[];
}

export interface MadeCertificates {
  places: Furnished[];
  /** DER by fingerprint, of all that was made. */
  ders: ReadonlyMap<string, Uint8Array>;
}

/** Makes every certificate that the places have now or had since `from` (milliseconds since 1970). Names and dates follow from the plan, keys do not. */
export async function makeCertificates(places: readonly Place[], from: number): Promise<MadeCertificates> {
  const ders = new Map<string, Uint8Array>();
  const keep = (made: Minted): Certificate => {
    const opened = openCertificate(made.der);
    if (!opened.ok) throw new Error(opened.failure.detail);
    ders.set(opened.value.certificate.fingerprint, opened.value.der);
    return opened.value.certificate;
  };
  const signers = new Map<string, { signer: Minted; chain: Certificate[] }>();
  const furnished: Furnished[] = [];
  for (const place of places) {
    const { organisation } = place.authority;
    const known = signers.get(organisation) ?? (await signerOf(place.authority, keep));
    signers.set(organisation, known);
    const versions: Certificate[] = [];
    for (const validity of validitiesOf(place, from)) {
      const made = await mint({
        names: place.names,
        notBefore: new Date(validity.notBefore),
        notAfter: new Date(validity.notAfter),
        issuer: known.signer,
        key: mintKey('ec'),
      });
      versions.push(keep(made));
    }
    furnished.push({ ...place, versions, chain: known.chain });
  }
  return { places: furnished, ders };
}

/** Since when a certificate of such a life is due: a third of it is left, or half of a short one. */
function dueAfter(lifeDays: number): number {
  return (lifeDays < 10 ? lifeDays / 2 : (lifeDays * 2) / 3) * day;
}

function validitiesOf(place: Place, from: number): { notBefore: number; notAfter: number }[] {
  const { notBefore, notAfter, authority, servedUntil, keeper, stuck } = place;
  const life = authority.lifeDays * day;
  const all = [{ notBefore, notAfter }];
  if (servedUntil !== undefined) return [{ notBefore: servedUntil - life, notAfter: servedUntil }, ...all];
  if (keeper === 'hand' || stuck) return all;
  for (let began = notBefore; began > from; ) {
    began -= dueAfter(authority.lifeDays);
    all.unshift({ notBefore: began, notAfter: began + life });
  }
  return all;
}

async function signerOf({ organisation, signer }: Authority, keep: (made: Minted) => Certificate) {
  const life = { notBefore: new Date(Date.UTC(2022, 0, 1)), notAfter: new Date(Date.UTC(2037, 0, 1)), authority: true };
  const subject = (name: string) =>
    [
      ['O', organisation],
      ['CN', name],
    ] as const;
  const root = await mint({ ...life, subject: subject(`${organisation} Root`) });
  const issuing = await mint({ ...life, subject: subject(signer), issuer: root });
  return { signer: issuing, chain: [keep(issuing)] };
}
