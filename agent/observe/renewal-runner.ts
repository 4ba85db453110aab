/** Something on the host that is there to run `certbot renew`. */
export interface RenewalRunner {
  kind: 'timer' | 'cron';
  /** A timer's unit ("certbot.timer"); a crontab's path with its line ("/etc/cron.d/certbot:14"). */
  name: string;
  path: string;
  /**
   * 'active': it will run. 'not-enabled': the unit is there and nothing starts it. 'masked': the timer or its service is
   * switched off. 'no-schedule': nothing is left of its times. 'stands-back': it does nothing where systemd runs.
   * 'no-daemon': there is no cron, or no systemd, to run it.
   */
  state: 'active' | 'not-enabled' | 'masked' | 'no-schedule' | 'stands-back' | 'no-daemon';
  /** What is switched off, where that is not the timer itself: the service's name. */
  service?: string;
  /** When systemd last started it (its stamp), ms since 1970. */
  lastStartedAt?: number;
}
