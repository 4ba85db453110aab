const mostBytes = 1024 * 1024;

/** A chosen file as text; the failure says what is wrong with it. */
export async function readText(
  file: Pick<File, 'size' | 'arrayBuffer'>,
): Promise<{ ok: true; value: string } | { ok: false; failure: string }> {
  if (file.size > mostBytes)
    return { ok: false, failure: 'It is larger than 1 MiB: certherd-collector import takes it.' };
  try {
    return { ok: true, value: new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer()) };
  } catch {
    return { ok: false, failure: 'It is not UTF-8: save it as "CSV UTF-8".' };
  }
}
