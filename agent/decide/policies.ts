import type { Finding } from '@certherd/protocol/finding';
import { brokenChain, brokenServedChain } from './chain.ts';
import { missingOrUnreadableFile, nameMismatch } from './coverage.ts';
import { failingDeployment, notServed, unreachableEndpoint } from './drift.ts';
import type { Facts, Policy } from './facts.ts';
import { exposedKey } from './exposure.ts';
import { restoredLineage } from './held-back.ts';
import { keyMismatch } from './key-match.ts';
import { brokenLineage, settlingLineage } from './lineage.ts';
import { deadRenewalTimer, failingTimerRun } from './machinery.ts';
import { renewalWouldFail } from './rehearsal.ts';
import { failingRenewal, renewalDue } from './renewal.ts';
import { failedReload, failingRestart, refusedTest, unboundListener, wrongServer } from './restart.ts';
import { absentCertbot, absentServer, brokenConfig, nothingFound, unreadableCertbot } from './sources.ts';
import { withOwnFaults } from './sandbox.ts';
import { staleCopy } from './stale-copy.ts';
import { weakKey, weakSignature } from './strength.ts';
import { untrustedChain } from './trust.ts';
import { unmanagedCertificate } from './unmanaged.ts';
import { outsideValidity } from './validity.ts';

/** Every check, in order: what cannot be told first, then what is on disk, then what is served. */
const policies: readonly Policy[] = [
  nothingFound,
  brokenConfig,
  absentServer,
  unreadableCertbot,
  absentCertbot,
  brokenLineage,
  settlingLineage,
  missingOrUnreadableFile,
  keyMismatch,
  nameMismatch,
  brokenChain,
  brokenServedChain,
  weakKey,
  weakSignature,
  exposedKey,
  untrustedChain,
  outsideValidity,
  staleCopy,
  unmanagedCertificate,
  renewalDue,
  failingRenewal,
  restoredLineage,
  deadRenewalTimer,
  failingTimerRun,
  renewalWouldFail,
  unboundListener,
  failedReload,
  wrongServer,
  failingRestart,
  refusedTest,
  unreachableEndpoint,
  notServed,
  failingDeployment,
];

const urgency = { critical: 0, unknown: 1, warning: 2, notice: 3 };

/** The findings for these facts, most urgent first; equals keep the policies' order. */
export function judge(facts: Facts): Finding[] {
  const findings = policies.reduce<Finding[]>((earlier, policy) => [...earlier, ...policy(facts, earlier)], []);
  return withOwnFaults(findings, facts).map(cut).sort(byUrgency);
}

/** Order for sort(); equals stay as they are. */
export function byUrgency(a: Finding, b: Finding): number {
  return urgency[a.severity] - urgency[b.severity];
}

/** Texts that paths and names of any length went into, as long as the wire takes them. */
function cut(finding: Finding): Finding {
  const evidence = Object.entries(finding.evidence).map(([name, value]) => [name, value.slice(0, 4000)]);
  return {
    ...finding,
    cause: finding.cause.slice(0, 4000),
    evidence: Object.fromEntries(evidence),
    remedy: finding.remedy.slice(0, 8000),
  };
}
