import type { CampaignPlace } from '../../store/campaigns.ts';

/** "NAME@ADDRESS:PORT on HOST"; a target with its address, and the host that asks it where that is not the collector. Raw. */
export function placeWords(place: CampaignPlace): string {
  if (place.kind === 'endpoint') return `${place.serverName}@${place.address}:${place.port} on ${place.hostName}`;
  const { target, address, vantage, vantageName } = place;
  return `${target} at ${address}${vantage === 'collector' ? '' : ` from ${vantageName ?? vantage}`}`;
}
