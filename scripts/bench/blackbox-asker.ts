import { workerData } from 'node:worker_threads';

// asks a blackbox_exporter once for each module by HTTP, as Prometheus does: in a thread of its own, whose garbage is not among what is measured

const atOnce = 64;
const { listen, target, modules }: { listen: string; target: string; modules: string[] } = workerData;

const left = modules.values();
const worker = async () => {
  for (const module of left) {
    const answer = await fetch(`http://${listen}/probe?target=${target}&module=${module}`);
    const told = await answer.text();
    if (!/^probe_success 1$/m.test(told) || !/^probe_ssl_earliest_cert_expiry [\d.e+]+$/m.test(told))
      throw new Error(`blackbox_exporter did not see ${module}: ${told.slice(-300)}`);
  }
};
await Promise.all(Array.from({ length: atOnce }, worker));
