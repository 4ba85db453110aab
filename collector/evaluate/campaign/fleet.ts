import type { Certificate } from '@certherd/protocol/certificate';
import type { Endpoint, Lineage, Mode } from '@certherd/protocol/snapshot';

/** What a campaign knows of one host. */
export interface CampaignHost {
  agentId: string;
  name: string;
  /** Not heard, or looking no more: what is told of it is from before. */
  silent: boolean;
  /** A server's config could not be read whole: an endpoint that is not told may be there all the same. */
  unread: boolean;
  mode: Mode | undefined;
  labels: Readonly<Record<string, string>>;
  lineages: readonly Lineage[];
  endpoints: readonly CampaignEndpoint[];
  /** Of those that the host names; `firstSeenAt` in milliseconds since 1970. */
  certificate: (fingerprint: string) => { certificate: Certificate; firstSeenAt: number } | undefined;
}

export type CampaignEndpoint = Pick<
  Endpoint,
  'serverName' | 'address' | 'port' | 'served' | 'configured' | 'failure'
> & { labels?: Readonly<Record<string, string>> };

/** Something that is asked from outside, by one of those that ask it. */
export interface CampaignTarget {
  /** As targets are written. */
  target: string;
  /** 'collector', or the id of the agent that looks. */
  vantage: string;
  /** What that agent's host is called. */
  vantageName?: string;
  /** Why its name could not be asked for. */
  failure?: object;
  places: readonly {
    address: string;
    algorithm?: string;
    served?: string;
    issuer?: string;
    notBefore?: string;
    notAfter?: string;
    failure?: object;
  }[];
}

/** The fleet at one moment. */
export interface CampaignFleet {
  hosts: ReadonlyMap<string, CampaignHost>;
  /** By how they are written: one of each vantage. */
  targets: ReadonlyMap<string, readonly CampaignTarget[]>;
}
