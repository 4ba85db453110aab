import type { FastifyRequest } from 'fastify';

/** A field of the form that was sent. */
export function fieldsOf({ body }: FastifyRequest): (name: string) => string {
  return (name) => (body instanceof URLSearchParams ? (body.get(name) ?? '') : '');
}

/** A mistake as it is shown. */
export function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
