import type { CertificateView, EndpointView, Estate } from '../serve/estate.ts';

/** A chain as endpoints serve it, leaf left out, with how many serve it so. */
export interface ServedChain {
  readonly links: readonly string[];
  readonly endpoints: number;
}

/** What an estate tells of one certificate beyond the certificate itself. */
export interface CertificateStory {
  readonly certificate: CertificateView;
  /** The most served first; one made of issuers' names where it is served nowhere. */
  readonly chains: readonly ServedChain[];
  /** Endpoints that serve it, or should. */
  readonly endpoints: readonly EndpointView[];
  /** Endpoints that should serve it and serve another. */
  readonly waiting: readonly EndpointView[];
  /** Endpoints anywhere that serve an older certificate for one of its names, and have no order to serve this one. */
  readonly older: readonly EndpointView[];
  /** What took its place where it is still served. */
  readonly successor: CertificateView | undefined;
  /** Other certificates for one of its names, newest first, at most 50. */
  readonly relatives: readonly CertificateView[];
}

const mostRelatives = 50;

export function storyOf(
  { certificates, endpoints }: Pick<Estate, 'certificates' | 'endpoints'>,
  fingerprint: string,
): CertificateStory | undefined {
  const known = new Map(certificates.map((one) => [one.fingerprint, one]));
  const certificate = known.get(fingerprint);
  if (certificate === undefined) return undefined;
  const names = new Set(certificate.subjectAltNames.map((name) => name.toLowerCase()));
  const serving = endpoints.filter(({ served }) => served === fingerprint);
  const waiting = endpoints.filter(({ issued, served }) => issued === fingerprint && served !== fingerprint);
  const successor = serving.find(({ issued }) => issued !== undefined && issued !== fingerprint)?.issued;
  return {
    certificate,
    chains: chainsOf(serving, certificate, certificates),
    endpoints: [...waiting, ...serving],
    waiting,
    older: endpoints.filter((endpoint) => {
      if (endpoint.served === fingerprint || endpoint.issued === fingerprint) return false;
      const served = known.get(endpoint.served ?? '');
      return served !== undefined && served.notBefore < certificate.notBefore && covers(names, endpoint.serverName);
    }),
    successor: known.get(successor ?? ''),
    relatives: certificates
      .filter((one) => one !== certificate && one.subjectAltNames.some((name) => names.has(name.toLowerCase())))
      .sort((left, right) => (left.notBefore < right.notBefore ? 1 : -1))
      .slice(0, mostRelatives),
  };
}

/** Does one of the names stand for the server name? A wildcard stands for one label (RFC 9525 6.3). */
function covers(names: ReadonlySet<string>, serverName: string): boolean {
  const name = serverName.toLowerCase();
  return names.has(name) || names.has(name.replace(/^[^.]+/, '*'));
}

function chainsOf(
  serving: readonly EndpointView[],
  certificate: CertificateView,
  certificates: readonly CertificateView[],
): ServedChain[] {
  if (serving.length === 0) return [{ links: issuersOf(certificate, certificates), endpoints: 0 }];
  const chains = Map.groupBy(serving, ({ chain }) => chain.join(' '));
  return [...chains.values()]
    .map((same) => ({ links: same[0]?.chain ?? [], endpoints: same.length }))
    .sort((left, right) => right.endpoints - left.endpoints);
}

/** Authorities found anywhere, from issuer to issuer by name; a chain has an end even where names go in a circle. */
function issuersOf(leaf: CertificateView, certificates: readonly CertificateView[]): string[] {
  const authorities = certificates.filter(({ isAuthority }) => isAuthority);
  const links: string[] = [];
  let last = leaf;
  while (links.length < 10) {
    const issuer = authorities.find(({ subject }) => subject === last.issuer);
    if (issuer === undefined || issuer === last || links.includes(issuer.fingerprint)) break;
    links.push(issuer.fingerprint);
    last = issuer;
  }
  return links;
}
