import type { Result } from '@certherd/protocol/failure';
import type { NotKept } from '../receive/records.ts';

/** A value that is durable, or the reason why it is not. */
export type Kept<T> = Result<T, NotKept>;
