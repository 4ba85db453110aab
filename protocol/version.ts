/**
 * The wire's version: one integer, and one dated line per change. `hello` carries the lowest and the
 * highest version a side speaks; version N-1 is always supported. An agent
 * knows the collector's versions from the challenge and sends nothing that the agreed one does not know, with one exception:
 * event kinds and finding codes are open, because events wait in the outbox through upgrades of either side.
 *
 * 1  2026-11-23  first version: enrolment, sessions, snapshots by digest, events with durable acks
 * 2  2026-11-24  `request`: the collector may ask for an action by the id of something that the agent reported
 * 3  2026-11-27  `rotate-key`, `key-rotated`: a new key for an identity, told by the holder of the old one;
 *                `snapshot-part`: a snapshot that is larger than a frame
 * 4  2026-11-27  `want-certificates`, `certificates`: the collector asks for the DER of what a snapshot names, and reads it itself
 * 5  2026-11-28  `look`, `looked`: the collector asks what a name presents where the agent is
 * 6  2026-11-28  `staple` in the answers of `looked`: the OCSP answer that came with the leaf
 */
export const protocolVersion = 6;

/** From this version on a collector may send requests. */
export const requestsSince = 2;

/** From this version on an agent may replace its key. */
export const rotationSince = 3;

/** From this version on a snapshot may come in parts. */
export const partsSince = 3;

/** From this version on a collector may ask for certificates. */
export const certificatesSince = 4;

/** From this version on a collector may ask an agent to look from where it is. */
export const looksSince = 5;

/** From this version on the answer to a look tells what was stapled. */
export const staplesSince = 6;

/** Frame types that version 1 did not have, with the version that brought them. */
export const framesSince: Readonly<Record<string, number>> = {
  request: requestsSince,
  'rotate-key': rotationSince,
  'key-rotated': rotationSince,
  'snapshot-part': partsSince,
  'want-certificates': certificatesSince,
  certificates: certificatesSince,
  look: looksSince,
  looked: looksSince,
};

/** The oldest version this code still speaks. */
export const oldestProtocolVersion = 1;

/** Largest frame in bytes that either side sends or accepts. */
export const maxFrameBytes = 1024 * 1024;

/** Largest snapshot, as JSON text in UTF-8: some 10,000 endpoints with their certificates. */
export const maxSnapshotBytes = 8 * 1024 * 1024;

/** Most parts of one snapshot. */
export const maxSnapshotParts = 64;

/** Most entries of all lists of a snapshot together: each costs the collector rows, however few bytes it has. */
export const maxSnapshotEntries = 40_000;

/** Most findings among them, the dearest of all to keep. */
export const maxSnapshotFindings = 10_000;

/** A collector takes the next snapshot in parts of an agent this long after the last one, and before it `try-later`. */
export const partsSpacingSeconds = 10;

/** Largest certificate whose DER is told, in bytes: some 1,500 names. A larger one is known by what its agent says of it. */
export const maxDerBytes = 64 * 1024;

/** Most certificates that a collector asks for at a time. */
export const maxWantedCertificates = 32;

/** Largest stapled OCSP answer that is told, or read, in bytes: responders answer in 500, and in some 3,000 with a certificate of their own. */
export const maxStapleBytes = 16 * 1024;

/** Most certificates in the answer to a look, most addresses that it tells of, and most bytes of base64 in it. */
export const maxLookedCertificates = 64;
export const maxLookedAddresses = 16;
export const maxLookedBytes = 512 * 1024;

/** Most certificates of one chain in it: no client follows a longer one, and each is read by the collector. */
export const maxLookedChain = 16;
