/**
 * Rows of an answer, counted as they pass. A row counts from its first byte, so that none beyond a ceiling begins.
 * Where readers differ on what is a row, the reading with the most rows counts.
 *
 * @module
 */
export interface RowCounter {
  readonly rows: number
  /** Why nothing more may go on. */
  readonly stop: 'exceeded' | 'withheld' | undefined
  /** What of all that came may go on now; the rest is kept back until it is certain. */
  pass(chunk: Buffer): Buffer
  /** The same at the end of the answer. */
  end(): Buffer
}

/** Of an answer of rows kept back until it is certain how they count; an answer that would need more is withheld. */
const mostHeldBytes = 1_048_576

const [tab, newline, formEnd, space, quote, comma, backslash] = [0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x5c]
const isLineEnd = (byte: number): boolean => byte === newline || byte === formEnd

/**
 * Values of JSON, however they are set apart (https://github.com/ndjson/ndjson-spec; RFC 7464): by line ends of any
 * kind, by nothing at all. Of one that is a list, each list or object in it counts.
 */
export function countLines(most: number): RowCounter {
  const text = textCheck()
  let rows = 0
  let depth = 0
  let inList = false
  let state: 'between' | 'bare' | 'quoted' | 'escaped' = 'between'
  let inFirst = false
  let stop: RowCounter['stop']

  /** Whether one more row begins with this byte. */
  function begins(byte: number): boolean {
    if (state === 'quoted' || state === 'escaped') return false
    const opens = byte === 0x7b || byte === 0x5b
    if (depth === 0) return opens || byte === quote || (state === 'between' && !isApart(byte))
    if (depth > 1 || !inList || !opens) return false
    if (!inFirst) return true
    inFirst = false // a list of one row is one row
    return false
  }

  function step(byte: number): void {
    switch (state) {
      case 'escaped':
        state = 'quoted'
        return
      case 'quoted':
        if (byte === backslash) state = 'escaped'
        else if (byte === quote) state = 'between'
        return
      case 'between':
      case 'bare':
        if (byte === quote) state = 'quoted'
        else if (byte === 0x7b || byte === 0x5b) {
          if (depth === 0) inFirst = inList = byte === 0x5b
          depth += 1
          state = 'between'
        } else if (byte === 0x7d || byte === 0x5d) {
          depth = Math.max(0, depth - 1)
          state = 'between'
        } else state = isApart(byte) ? 'between' : 'bare'
    }
  }

  return {
    get rows() {
      return rows
    },
    get stop() {
      return stop
    },
    pass(chunk) {
      if (stop || !text.holds(chunk, recordSeparator)) {
        stop ??= 'withheld'
        return none
      }
      const skipped = marked(chunk) && rows === 0 ? 3 : 0
      for (const [index, byte] of chunk.entries()) {
        if (index < skipped) continue
        if (begins(byte)) {
          if (rows === most) {
            stop = 'exceeded'
            return chunk.subarray(0, index)
          }
          rows += 1
        }
        step(byte)
      }
      return chunk
    },
    end: () => none,
  }
}

/** Whether it begins with the mark of UTF-8, which is no row. */
const marked = (bytes: Buffer): boolean => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf

const recordSeparator = 0x1e
const isApart = (byte: number): boolean =>
  byte === space || byte === tab || isLineEnd(byte) || byte === recordSeparator || byte === comma

/**
 * Records after `headers` of them (RFC 4180 §2), each ended by LF, CR or both. A quote opens a field at its start
 * alone, and what it holds is kept back until it is closed as it should be: what is not, hides no line ends. What
 * separates fields is what the first record shows.
 */
export function countRecords(headers: 0 | 1, most: number): RowCounter {
  const text = textCheck()
  const reading = createRecords(headers + most)
  let first: Buffer[] | undefined = []
  let firstBytes = 0
  let stop: RowCounter['stop']

  function read(bytes: Buffer): Buffer {
    const passed = reading.read(bytes)
    stop = reading.stop()
    return passed
  }

  return {
    get rows() {
      return Math.max(0, reading.records() - headers)
    },
    get stop() {
      return stop
    },
    pass(chunk) {
      if (stop || !text.holds(chunk)) {
        stop ??= 'withheld'
        return none
      }
      if (!first) return read(chunk)
      first.push(chunk)
      firstBytes += chunk.length
      const ended = chunk.some(isLineEnd)
      if (!ended && firstBytes <= mostHeldBytes) return none
      const whole = Buffer.concat(first)
      first = undefined
      reading.separatedBy(separatorIn(whole))
      return read(whole)
    },
    end() {
      if (stop) return none
      const rest = first ? Buffer.concat(first) : none
      if (first) reading.separatedBy(separatorIn(rest))
      const passed = read(rest)
      const last = reading.end()
      stop = reading.stop()
      return Buffer.concat([passed, last])
    },
  }
}

/** Of these, the one that stands in the first line outside of quotes; undefined if there are several, or none. */
function separatorIn(bytes: Buffer): number | undefined {
  const end = bytes.findIndex(isLineEnd)
  const line = (end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1').replaceAll(/"[^"]*"/g, '')
  const found = [',', ';', '\t', '|'].filter((mark) => line.includes(mark))
  return found.length === 1 ? found[0]?.charCodeAt(0) : undefined
}

function createRecords(most: number) {
  let records = 0
  let separator: number | undefined
  let state: 'record' | 'field' | 'plain' | 'quoted' | 'closed' = 'record'
  /** Whether quotes mean something still. */
  let quotes = true
  let held: Buffer[] = []
  let heldBytes = 0
  /** Records that what is quoted would be, read without quotes. */
  let within = 0
  let afterLineEnd = false
  let afterBackslash = false
  let stop: RowCounter['stop']

  /** The quotes were none, so what they held is read without. */
  function disbelieve(): Buffer {
    quotes = false
    state = afterLineEnd ? 'record' : 'plain'
    if (records + within > most) stop = 'exceeded'
    else records += within
    within = 0
    return stop ? none : release()
  }

  function release(): Buffer {
    const bytes = Buffer.concat(held)
    held = []
    heldBytes = 0
    return bytes
  }

  function quoted(byte: number): boolean {
    if (afterLineEnd && !isLineEnd(byte)) within += 1
    afterLineEnd = isLineEnd(byte)
    if (byte === quote) {
      if (afterBackslash) return false // `\"` ends it for some readers and not for others
      state = 'closed'
    }
    afterBackslash = byte === backslash
    return true
  }

  return {
    records: () => records,
    stop: () => stop,
    separatedBy: (byte: number | undefined) => void (separator = byte),
    read(bytes: Buffer): Buffer {
      const out: Buffer[] = []
      let from = 0
      for (const [index, byte] of bytes.entries()) {
        if (state === 'quoted' || state === 'closed') {
          if (state === 'closed' && (byte === separator || isLineEnd(byte))) {
            held.push(bytes.subarray(from, index))
            out.push(release())
            from = index
            within = 0
          } else if (state === 'closed' && byte === quote) {
            state = 'quoted' // the second of two is a quote within
            continue
          } else if (state === 'quoted' && quoted(byte)) {
            continue
          } else {
            held.push(bytes.subarray(from, index))
            from = index
            out.push(disbelieve())
            if (stop) return Buffer.concat(out)
          }
        }
        if (isLineEnd(byte)) {
          state = 'record'
          continue
        }
        if (state === 'record') {
          if (records === most) {
            stop = 'exceeded'
            out.push(bytes.subarray(from, index))
            return Buffer.concat(out)
          }
          records += 1
          state = 'field'
        }
        if (byte === quote && state === 'field' && quotes) {
          out.push(bytes.subarray(from, index))
          from = index
          state = 'quoted'
          within = 0
          afterLineEnd = false
          afterBackslash = false
        } else state = byte === separator ? 'field' : 'plain'
      }
      const rest = bytes.subarray(from)
      if (state !== 'quoted' && state !== 'closed') return Buffer.concat([...out, rest])
      held.push(rest)
      heldBytes += rest.length
      if (heldBytes > mostHeldBytes) stop = 'withheld'
      return Buffer.concat(out)
    },
    end(): Buffer {
      if (state === 'closed') return release()
      return state === 'quoted' ? disbelieve() : none
    },
  }
}

const none = Buffer.alloc(0)

/** Text in UTF-8 without controls: others read something else in it, or more lines. */
function textCheck() {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return {
    holds(chunk: Buffer, allowed?: number): boolean {
      for (const byte of chunk) {
        if (byte < space && byte !== tab && !isLineEnd(byte) && byte !== allowed) return false
      }
      try {
        decoder.decode(chunk, { stream: true })
        return true
      } catch {
        return false
      }
    },
  }
}
