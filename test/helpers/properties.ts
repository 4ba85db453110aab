import fc from 'fast-check';

/**
 * fast-check, for all property tests. Each run draws other cases, and so finds what nobody thought of; with CERTHERD_SEED, which CI sets,
 * a run of the same code draws the same ones, so that a change is judged by itself. A failure prints the seed that repeats it.
 */
export default fc;

const seed = Number(process.env['CERTHERD_SEED']);
if (Number.isInteger(seed) && seed > 0) fc.configureGlobal({ seed });
