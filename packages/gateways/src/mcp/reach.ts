/**
 * How a configured server is reached. Commands come from the configuration file only, as a list of words without a shell.
 *
 * @module
 */
import type { LogLine } from '@countersign/core'
import type { ServerConfig } from './config.ts'
import type { OpenWay } from './way.ts'
import { openOverHttp } from './way-http.ts'
import { openOverStdio } from './way-stdio.ts'

export function reach(name: string, server: ServerConfig, log: (line: LogLine) => void): OpenWay {
  return 'url' in server ? openOverHttp(server) : openOverStdio(name, server, log)
}
