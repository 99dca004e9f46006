const anywhere = 'http://countersign.invalid'

/**
 * The path to return to after signing in, or `/` for anything that is not a path of this deployment. A browser reads
 * `//host`, `/\host` and `/.//host` as another host, and drops tabs and line ends before it looks.
 */
export function localPath(wanted: string | undefined): string {
  if (wanted === undefined || wanted.length > 2000 || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(wanted)) return '/'
  if (!URL.canParse(wanted, anywhere)) return '/'
  const { origin, pathname, search, hash } = new URL(wanted, anywhere)
  return origin !== anywhere || pathname.startsWith('//') ? '/' : pathname + search + hash
}
