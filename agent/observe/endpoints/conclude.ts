import type { Answer } from './answer.ts';

/** The answers of one address, in order. */
export interface AddressAnswers {
  address: string;
  answers: Answer[];
}

/** What was seen of one endpoint, and how often. */
export interface Conclusion {
  answer: Answer;
  /** Addresses that gave this answer; the first of them is where a row of its own stands. */
  addresses: string[];
  /** Answers that said so. */
  count: number;
}

/**
 * Joins what the addresses of one listener answered for one name and algorithm. First comes the endpoint's own row, then one for
 * each address that keeps to another answer. An address whose answers differ among themselves is served by old and new side by side:
 * then the answer that is not `expected` is the observation, since some client still gets it.
 */
export function conclude(
  asked: readonly AddressAnswers[],
  expected: string | undefined,
): { own: Conclusion; elsewhere: Conclusion[] } | undefined {
  const [first] = asked[0]?.answers ?? [];
  if (!first) return undefined;
  const wanted = expected ?? saying(first);
  const wavering = asked
    .filter(({ answers }) => answers.some((answer) => saying(answer) !== saying(answers[0])))
    .flatMap(({ answers }) => answers)
    .find((answer) => saying(answer) !== wanted);
  const own = wavering ?? asked.flatMap(({ answers }) => answers).find((answer) => saying(answer) === wanted) ?? first;
  const said = saying(own);
  const isOwn = ({ answers }: AddressAnswers) => answers.some((answer) => saying(answer) === said);
  const others = asked.filter((one) => !isOwn(one) && !(wavering && saying(one.answers[0]) === wanted));
  return {
    own: conclusion(own, asked.filter(isOwn)),
    elsewhere: others.flatMap((one) => {
      const [answer] = one.answers;
      return answer ? [conclusion(answer, [one])] : [];
    }),
  };
}

/** What two answers have in common when they agree: the leaf, or the way in which they failed. */
export function saying(answer: Answer | undefined): string {
  if (!answer) return '';
  return answer.ok ? (answer.value.certificates[0]?.fingerprint ?? '') : answer.failure.reason;
}

/**
 * Is IPv6 switched off on this host, so that no client can connect to this listener at all its addresses? The kernel has no such address,
 * or no route to it; that our own sandbox filters the family away is another error.
 */
export function isNoWay({ address }: { address: string }, answer: Answer | undefined): boolean {
  return address === '::' && answer?.ok === false && /\b(?:EADDRNOTAVAIL|ENETUNREACH)\b/.test(answer.failure.detail);
}

function conclusion(answer: Answer, asked: AddressAnswers[]): Conclusion {
  const said = saying(answer);
  return {
    answer,
    addresses: asked.map(({ address }) => address),
    count: asked.flatMap(({ answers }) => answers).filter((each) => saying(each) === said).length,
  };
}
