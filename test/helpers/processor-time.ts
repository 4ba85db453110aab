/** Milliseconds of the processor's time that this takes in this process, whatever else the machine does meanwhile. */
export async function processorMs(task: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
