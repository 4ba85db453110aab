import { agentPath, rotationStatement, sessionStatement } from '../../protocol/session.ts';
import { systemTrust } from '../../protocol/join.ts';
import {
  maxDerBytes,
  maxFrameBytes,
  maxLookedBytes,
  maxStapleBytes,
  maxLookedCertificates,
  maxLookedChain,
  maxSnapshotBytes,
  maxSnapshotEntries,
  maxSnapshotFindings,
  maxSnapshotParts,
  maxWantedCertificates,
  oldestProtocolVersion,
  partsSpacingSeconds,
  protocolVersion,
} from '../../protocol/version.ts';
import { lookWithinMs } from '../../collector/receive/looking.ts';
import { maxHostDerBytes } from '../../collector/receive/proving.ts';
import { partsWithinMs } from '../../collector/receive/snapshot-parts.ts';
import { admissionLimits } from '../../collector/receive/admission.ts';
import { largeFleet, maxFragments, restartSeconds } from '../../collector/receive/listener.ts';
import { atOnceOfAgent } from '../../collector/scan/keep-targets.ts';
import { eventWindow, tryLater } from '../../collector/receive/greet.ts';
import { heldCeiling, heldFailures } from '../../agent/report/reconnect.ts';

/** Everything about the wire that no schema can say. `closeCodes`: rows of a table. */
export function protocolProse(closeCodes: string): string {
  const statement = sessionStatement({
    collectorId: 'COLLECTOR-ID',
    collectorNonce: 'NONCE-OF-THE-CHALLENGE',
    agentNonce: 'NONCE-OF-THE-HELLO',
    agentId: 'AGENT-ID',
    generation: 7,
  });
  const rotation = rotationStatement({
    collectorId: 'COLLECTOR-ID',
    collectorNonce: 'NONCE-OF-THE-CHALLENGE',
    agentId: 'AGENT-ID',
    publicKey: 'NEW-PUBLIC-KEY',
  });
  return `# Protocol

Made from \`protocol/\` by \`npm run docs\`. With this page a second agent can be written; [example-agent.ts](example-agent.ts) is one, in a
single short file, which a test runs against a real collector.

    agent                                            collector
      |  TLS, key pinned; WebSocket ${agentPath}       |
      | <---------------------------------- challenge  |
      |  enrol ------------------------------------->  |   once in a host's life
      | <------------------------------------ enrolled |
      |  hello (signed) ---------------------------->  |   every session
      | <------------------------------------- welcome |
      |  snapshot ---------------------------------->  |   if asked for, and on change
      |  events ------------------------------------>  |
      | <----------------------------------------- ack |   once they are on disk
      | <------------------------------------ heartbeat|   both ways
      |  heartbeat --------------------------------->  |
      | <------------------------------------- request |   from version 2
      | <--------------------------- want-certificates |   from version 4
      |  certificates ------------------------------>  |
      | <---------------------------------------- look |   from version 5
      |  looked ------------------------------------>  |
      | <------------------------------------- refused |   then the close code

## Connection

- TLS 1.2 or later to the authority that the join string names, keys exchanged by X25519, P-256, P-384 or P-521. The agent checks the **key** that the server shows: SHA-256 of its
  SubjectPublicKeyInfo in DER (as in RFC 7469), base64url, is the join string's pin. Names and dates of the certificate do not count. Nothing,
  not even the HTTP request, is sent before the pin was found right.
- Where the join string says \`${systemTrust}\` in place of a pin, the certificate must be one that the roots of the agent's system vouch for, and
  name the host of the authority (RFC 5280, RFC 6125).
- TLS may be ended by a reverse proxy, and reached through a proxy's CONNECT: neither changes what is trusted.
- Then a WebSocket (RFC 6455, HTTP/1.1) at \`${agentPath}\`. No \`Origin\` header: browsers are answered 404. No compression is
  offered or taken.
- From the first packet to a proved session there are ${admissionLimits.deadlineMs / 1000} s. At most ${admissionLimits.total} connections may be that young, ${admissionLimits.perAddress} from one address; beyond
  that the oldest of them is dropped.
- Pings are answered (RFC 6455 5.5.2). A collector that restarts closes with 1001. One with ${largeFleet} agents or more says \`refused\` (\`try-later\`) before:
  \`retryAfterSeconds\` is then ${restartSeconds}, about what a restart takes.

## Frames in general

- One JSON object in one text message; at most ${maxFrameBytes} bytes in either direction, in at most ${maxFragments} WebSocket fragments.
- \`type\` says which frame it is. Fields that are not listed below are mistakes (\`frame-invalid\`), and so are limits that are passed. An agent
  in turn ignores frames that it does not know: they are no sign of life.
- Strings from certificates and configs are raw: whoever shows them escapes them.

## Versions

\`challenge\` and \`hello\` carry the lowest and the highest version that each side speaks, today ${oldestProtocolVersion} and ${protocolVersion}; \`welcome\` names the one agreed: the
highest that both know. The version before the newest is always spoken. Neither side sends what the agreed version does not
know, with one exception: finding codes and event kinds are open, since events wait through upgrades of either side; they are kept
and shown by their own name.

## Join string

\`certherd://AUTHORITY/PIN.TOKEN\`: host and port of the collector (IPv6 in brackets), the pin (43 characters of base64url) and a token of 256
random bits (43 characters of base64url), good for one host and for an hour unless it was made otherwise. \`${systemTrust}\` may stand for the pin.

## Enrolment

1. Make an Ed25519 key (RFC 8032) on the host, and keep it on disk, readable by its owner alone, before anything is sent.
2. Connect, await \`challenge\`, send \`enrol\` with the token and the public half.
3. Keep \`agentId\` and \`collectorId\` of \`enrolled\`.

The token is spent by its first key. The same token with the same key gives the same \`agentId\` for as long as the token lives: if
the answer was lost, send the same again. An unknown, a spent and an expired token are refused alike; with a good one, a key whose
identity was revoked is refused as \`revoked\`, and a new key has to be made. A \`hello\` may follow on the
same connection.

## Session

After \`challenge\` the agent sends \`hello\`. Its \`signature\` is Ed25519, in base64, over these lines in UTF-8, joined by line feeds (U+000A) and
without one at the end:

${statement.replaceAll(/^/gm, '    ')}

The last line is \`generation\` in decimal: a number that is one more than in any earlier session of this identity, on disk before it is sent.
A number that does not grow tells the collector that this state was copied or put back. \`bootId\` names the boot of the machine
(\`/proc/sys/kernel/random/boot_id\`).

At most one session of an identity lives. While an older one still answers a ping (within 3 s), a second one is refused as
\`identity-in-use\`, and the host is flagged: its state was copied. One that does not answer gives way.

A host whose identity is taken away (\`host revoke\`) is refused as \`revoked\` within 5 s and at every frame; nothing that it sends is kept.

Nothing but \`enrol\` and \`hello\` may come before \`welcome\`. Take no frame of the collector's for more than it is: it proved its key, and
no more.

## Another key

From version 3 an agent may replace its key within a session, as often as it likes and one wish at a time: \`rotate-key\` with the new public
half and two signatures in base64, by the old key and by the new one, over these lines (as above; the nonce is the challenge's, the
last line is \`publicKey\` as the frame carries it):

${rotation.replaceAll(/^/gm, '    ')}

The new key is on the agent's disk before the frame is sent, and the old one stays there. \`key-rotated\` names the key that alone counts
from then on. If that answer is lost, the agent does not know which one counts: whoever is refused as \`not-authenticated\` tries
the other one. A wish that is sent again gets the same answer; one with a wrong signature ends the session as \`not-authenticated\`.

## Snapshots

A snapshot is everything that the host shows now, and the next one replaces it. Its **digest** is the SHA-256 of the exact bytes of the JSON
text of \`snapshot\` as the agent made them, in lower-case hexadecimal. Of a snapshot in one frame the collector compares digests and computes
none. The digest must be the same after a restart, or the snapshot is asked for again.

- \`hello\` carries the digest of the current snapshot, if there is one. \`wantSnapshot\` in \`welcome\` asks for it; otherwise the
  collector has it.
- A new one is sent when its digest differs from the last one that was sent. \`want-snapshot\` asks for the current one again.
- \`observedAt\` is when its facts were last seen: none was seen before that, and an endpoint's answer may stand from the look before the
  last one. Facts that were looked at again and are the same are told by \`observedAt\` and \`digest\` in a heartbeat, without a new
  snapshot.
- Within a snapshot, every fingerprint and every deployment's id that is referred to is there; ids are unique within their
  list; instants exist.
- From version 3 a snapshot whose text is larger than a frame comes in parts (\`snapshot-part\`), in order and nothing of another snapshot
  between them; other frames may be. The collector puts the texts together, computes the digest of the whole and refuses one that is
  another. Until the last part is there the snapshot before stands. Bounds: ${maxSnapshotBytes} bytes in all, ${maxSnapshotParts} parts, ${partsWithinMs / 1000} s from the first to the last
  (\`too-slow\`). Where too many hosts are at it at once, \`try-later\`. An older collector gets what fits into one frame.
- The next one in parts may begin ${partsSpacingSeconds} s after the last one was whole, on whatever connection; a first part before that is \`try-later\` with the
  time that is left. An agent waits by itself, and then tells what is current.
- All lists of a snapshot together have at most ${maxSnapshotEntries} entries, of which ${maxSnapshotFindings} are findings. One that has more is \`frame-invalid\`: an agent
  that sees more tells its findings alone, as many as fit, the first of them \`snapshot-reduced\`.
- A snapshot is not answered. One that could not be kept ends the session with \`try-later\`.

## Certificates

What a snapshot says of a certificate is its agent's word. From version 4 the collector asks for the certificate itself, by fingerprint, and
from then on tells what it reads in it, whatever any agent says. Until then, and for what nobody tells, the word of the first agent that named the
fingerprint stands, and is shown as told.

- \`want-certificates\` comes after a snapshot that names certificates which no agent has told yet, or after a \`welcome\` that asked for none; at
  most ${maxWantedCertificates} at a time, and the next ones once these are answered.
- \`certificates\` answers with each fingerprint that was asked for, once, in as many frames as the agent likes: \`der\` is the certificate's DER (at most
  ${maxDerBytes} bytes of it), as it lies in the file, or as the endpoint sends it. It is read again for the answer. Where it is found no more, or is
  larger, \`der\` is left out; it is then not asked for again before the agent's next snapshot.
- A fingerprint that was not asked for, and DER that is not of its fingerprint, are \`frame-invalid\`. DER that the collector cannot read as a certificate is
  counted among those that are told, and nothing else comes of it.
- An agent is asked no faster than a mebibyte of DER a second, and of one host's certificates ${maxHostDerBytes} bytes are kept; the rest stays as told.
- An agent that gives no answer (one that only speaks an older version is not asked) loses nothing else by it.

## Events

An event is one numbered record: \`(agent, epoch, seq)\` is its identity. \`epoch\` is an id that the agent draws when it begins to count;
\`seq\` counts from 1 within it. A session has one epoch, that of its \`hello\`.

- \`ackedSeq\` in \`welcome\` and \`seq\` in \`ack\` say that everything of this epoch up to there is on the collector's disk. Only then may the
  agent forget it. Events that are sent again are kept once. One \`ack\` may answer
  several frames.
- In each frame \`seq\` grows. Numbers may be left out: an event of kind \`gap\` says what was lost, its \`seq\` the last one lost.
- At most \`window\` events (${eventWindow} today) may be sent and not acked; one more is \`frame-invalid\`.
- Where \`ackedSeq\` is beyond what the agent ever counted, its state was put back: it draws a new epoch, numbers what waits anew,
  and connects again.

## Heartbeats

Both sides send \`heartbeat\` every \`heartbeatSeconds\`; an agent may answer the collector's with its own in place of keeping time, so that it
wakes once for both. After three of these without a word the other end counts as gone, and the connection
is ended without a closing handshake; the collector pings once an answer is missing.

## Requests

From version 2 the collector may send \`request\`: a wish. The agent's own policy decides, and answers with one event whose
\`detail.request\` is the request's id. An agent that does nothing on request answers with kind \`request\`, \`ok\` false and
\`detail.refused\` \`"not-allowed"\`.

## Looks

From version 5 the collector may send \`look\`: what does this name and port present where you are? The agent answers each with one \`looked\` of the
same \`id\`. Its own settings decide: an agent that looks nowhere on request answers without certificates and places, with a \`failure\` whose reason is
\`vantage-refused\`. Certificates are told as they were shown, each once, ${maxLookedCertificates} and ${maxLookedBytes} bytes of base64 and ${maxLookedChain} in a chain at most; an address whose own would be too much is told with a \`failure\`
\`too-large\`. From version 6 an answer has the OCSP answer that was stapled, ${maxStapleBytes} bytes at most; those that fit into these bytes of base64 behind the certificates, too, are told. The collector waits ${lookWithinMs / 1000} s, and for ${atOnceOfAgent} answers at a time.

## Reconnecting

After an end the agent waits a random time between 0 and a ceiling that doubles with each failure in a row from 1 s to ${heldCeiling} s (full jitter). There it is held
for ${heldFailures} failures, some minutes in which a collector starts or a whole fleet comes back to it, and then doubles up to 300 s. Whoever finds no room is not told so: the
collector's system leaves its SYN unanswered, and the agent's own sends it again after 1, 3 and 7 s. A try is given up after 10 s.
\`retryAfterSeconds\` of \`refused\` is the least to wait (an hour counts at most), spread over as much again; the collector gives ${tryLater.retryAfterSeconds} with
\`try-later\` otherwise. After \`revoked\`, \`not-authenticated\`, \`version-unsupported\` and \`identity-in-use\` without a hint it waits 150 to 300 s: only
a person can end these.

## Close codes

The collector ends a connection with \`refused\` and then closes with the code of its reason. What is no message at all it closes with a
code of WebSocket's own and without \`refused\`. \`/metrics\` counts both kinds by reason (\`certherd_refusals_total\`). Nobody else's connection
notices.

| Code | Reason | |
|---|---|---|
${closeCodes}
| 1001 | | the collector restarts |
| 1002 | \`websocket-broken\` | no WebSocket frame that may come here: compressed, unmasked, of an unknown kind |
| 1007 | \`not-utf-8\` | text that is not UTF-8 |
| 1008 | \`too-many-fragments\` | a message in more than ${maxFragments} fragments |
| 1009 | \`too-large\` | a message of more than ${maxFrameBytes} bytes |
`;
}
