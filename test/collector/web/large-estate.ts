import type { CertificateView, EndpointView, Estate } from '../../../collector/serve/estate.ts';
import { fingerprint, healthyEstate, on } from './example-estate.ts';

/** So many certificates on a hundred hosts, each served at one endpoint: name-0.example.com and so on, owned by ten teams. */
export function largeEstate(at: Date, count: number): Estate {
  const estate = healthyEstate(at);
  const [certificate] = estate.certificates;
  const [endpoint] = estate.endpoints;
  const [host] = estate.hosts;
  if (!certificate || !endpoint || !host) throw new Error('the example has one of each');
  const numbers = [...Array(count).keys()];
  const prints = numbers.map((number) => fingerprint(`large ${number}`));
  const hostOf = (number: number) => on(`host-${number % 100}`);
  return {
    ...estate,
    hosts: [...Array(Math.min(100, count)).keys()].map((number) => {
      const { agentId, hostName: name } = hostOf(number);
      return { ...host, agentId, name };
    }),
    certificates: numbers.map((number): CertificateView => {
      const name = `name-${number}.example.com`;
      return {
        ...certificate,
        fingerprint: prints[number] ?? '',
        subject: `CN=${name}`,
        subjectAltNames: [name, `www.${name}`],
        issuer: number % 3 === 0 ? 'C=GB, O=Sectigo Limited, CN=Sectigo R36' : certificate.issuer,
        key: number % 5 === 0 ? 'RSA 2048' : certificate.key,
        notAfter: new Date(at.getTime() + (number + 1) * 3_600_000).toISOString(),
        files: [{ ...hostOf(number), path: `/etc/letsencrypt/live/${name}/fullchain.pem` }],
        endpoints: [{ ...hostOf(number), id: `${name}@0.0.0.0:443/ecdsa` }],
      };
    }),
    endpoints: numbers.map((number): EndpointView => {
      const print = prints[number] ?? '';
      const serverName = `name-${number}.example.com`;
      return {
        ...endpoint,
        ...hostOf(number),
        id: `${serverName}@0.0.0.0:443/ecdsa`,
        serverName,
        issued: print,
        configured: print,
        served: print,
        labels: { owner: `team-${number % 10}`, environment: number % 4 === 0 ? 'test' : 'production' },
      };
    }),
    lineages: [],
  };
}
