import type { ComponentType } from 'preact';
import type { Role } from '../accounts/role.ts';
import type { Me } from '../serve/action-bodies.ts';
import type { Connection } from './live/follow-estate.ts';
import type { Known } from './facts/known.ts';
import type { Now } from './parts/moment.tsx';
import { Page as Certificates } from './pages/certificates/certificates-page.tsx';
import { Page as NowPage } from './pages/now/now-page.tsx';
import type { Router } from './route/router.ts';

/** What every page is given. */
export interface PageProps {
  readonly known: Known;
  readonly connection: Connection;
  readonly now: Now;
  /** Who looks; undefined while that is not known. */
  readonly me: Me | undefined;
  readonly router: Router;
}

export interface PageEntry {
  /** The first part of its path, and the name of its folder; "" is Now, in pages/now. */
  readonly name: string;
  readonly title: string;
  /** The navigation has it for whoever may at least this; `nobody`: only what leads there does. */
  readonly least?: Role | 'nobody';
  /**
   * Its component, from pages/NAME/NAME-page.tsx: the collector serves it at /NAME and below. What is opened at night comes
   * with the shell, in few files; what carries charts or tables of its own comes when it is wanted.
   */
  readonly load: () => Promise<{ readonly Page: ComponentType<PageProps> }>;
}

/** Every page, in the order of the navigation. */
export const pages: readonly PageEntry[] = [
  { name: '', title: 'Now', load: async () => ({ Page: NowPage }) },
  { name: 'certificates', title: 'Certificates', load: async () => ({ Page: Certificates }) },
  { name: 'endpoints', title: 'Endpoints', load: () => import('./pages/endpoints/endpoints-page.tsx') },
  { name: 'hosts', title: 'Hosts', load: () => import('./pages/hosts/hosts-page.tsx') },
  { name: 'targets', title: 'Targets', load: () => import('./pages/targets/targets-page.tsx') },
  { name: 'inventory', title: 'Inventory', load: () => import('./pages/inventory/inventory-page.tsx') },
  { name: 'timeline', title: 'Timeline', load: () => import('./pages/timeline/timeline-page.tsx') },
  { name: 'campaigns', title: 'Campaigns', load: () => import('./pages/campaigns/campaigns-page.tsx') },
  { name: 'reports', title: 'Reports', load: () => import('./pages/reports/reports-page.tsx') },
  { name: 'users', title: 'Users', least: 'admin', load: () => import('./pages/users/users-page.tsx') },
  { name: 'audit', title: 'Audit', least: 'admin', load: () => import('./pages/audit/audit-page.tsx') },
  { name: 'me', title: 'Your account', least: 'nobody', load: () => import('./pages/me/me-page.tsx') },
  { name: 'wall', title: 'Wall', load: () => import('./pages/wall/wall-page.tsx') },
];
