import type { FindingView } from '../../collector/serve/estate.ts';
import type { TestHost } from '../../test/helpers/host.ts';
import type { Child } from '../../test/helpers/testbed/children.ts';
import type { AcmeAnswer } from '../../test/helpers/testbed/acme-front.ts';
import type { Collector } from '../stage/products.ts';

/** The real parts of one replay: a host with its own CA, its agent, and the collector that hears it. */
export interface Stage {
  host: TestHost;
  collector: Collector;
  agent: Child;
}

/** One outage that somebody has written about, to be played again with the product in place. */
export interface Outage {
  /** What --only takes. */
  name: string;
  title: string;
  /** Where it is told: a repository and its issue. */
  sources: readonly string[];
  /** What the agent may do; in `observe` a person runs the remedy as it is printed. */
  mode: 'observe' | 'deploy' | 'renew';
  /** What the CA answers of itself, where the outage needs one that does. */
  acmeAnswer?: AcmeAnswer;
  /** Seconds that certificates live; two hours unless told. */
  validitySeconds?: number;
  /** Makes ready what was there before, ahead of agent and collector. */
  prepare?: (host: TestHost) => Promise<void>;
  /** Brings the outage about on a stage where all is well. `tell`: one fact for whoever watches. */
  befall: (stage: Stage, tell: (fact: string) => void) => Promise<Befallen>;
}

/** An outage under way, and how it is known to be over. */
export interface Befallen {
  /** When it began, milliseconds since 1970: what comes after counts as detection. */
  since: number;
  /** Code of the finding that has to name it. */
  code: FindingView['code'];
  about?: (finding: FindingView) => boolean;
  /** What the cause has to say for it to be the true one. */
  cause: RegExp;
  healedBy: 'the agent' | 'the remedy as printed' | 'a person, as the remedy says';
  /** Does what the remedy says; nothing where the agent does it by itself. */
  heal: (finding: FindingView) => Promise<void>;
  /** Seen from outside, by handshakes that share no code with the product. */
  isOver: () => Promise<boolean>;
}

/** What came of one replay, as `--json` prints it. */
export interface Played {
  name: string;
  title: string;
  sources: readonly string[];
  detected: boolean;
  healed: boolean;
  /** From the outage's beginning until the collector told of it, with this cause and remedy. */
  detectedSeconds?: number;
  code?: string;
  cause?: string;
  remedy?: string;
  healedBy?: string;
  /** From the remedy, or from the detection where the agent heals, until clients were shown the right certificate and the finding was gone. */
  healedSeconds?: number;
  /** Why it was not detected or not healed. */
  failure?: string;
}
