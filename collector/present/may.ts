import type { Me } from '../serve/action-bodies.ts';

/** May whoever looks change what operators may? The collector decides; this is for what is offered. */
export function mayChange(me: Me | undefined): boolean {
  return me?.role === 'operator' || me?.role === 'admin';
}
