import { parentPort, workerData } from 'node:worker_threads';

// asks one blackbox_exporter for each module by HTTP, as Prometheus does, whenever it is told to: in a thread of its own, whose garbage is nobody else's

const atOnce = 64;
const { listen, target, modules } = workerData as { listen: string; target: string; modules: string[] };

parentPort?.on('message', () => {
  void askAll().then(
    () => parentPort?.postMessage({ ok: true }),
    (error: unknown) => parentPort?.postMessage({ ok: false, failure: String(error) }),
  );
});

async function askAll(): Promise<void> {
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
}
