/** How a page hears from the collector. `lost`: what is shown was true once, and is being asked for again. */
export type Connection = 'connecting' | 'live' | 'lost';
