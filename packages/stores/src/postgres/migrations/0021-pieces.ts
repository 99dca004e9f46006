import type { Migration } from './migration.ts'

/**
 * Out of many pieces with their length before them, in `width` bytes, those at some places, ascending, as they stand: what
 * does not end where it says is left out, and missed by who reads. Added to nothing first, so that the whole is fetched once.
 */
export const pieces: Migration = {
  name: '0021-pieces',
  steps: [
    `create or replace function pieces_of(whole bytea, places int[], width int) returns bytea
      language plpgsql immutable strict parallel safe as $$
      declare
        plain bytea := whole || ''::bytea;
        found bytea := '';
        start int := 0;
        size int;
      begin
        for place in 0 .. places[cardinality(places)] loop
          exit when start + width > length(plain);
          size := (get_byte(plain, start + width - 2) << 8) + get_byte(plain, start + width - 1);
          if width = 4 then size := size + (get_byte(plain, start) << 24) + (get_byte(plain, start + 1) << 16); end if;
          exit when size < 0 or size > length(plain) - start - width;
          if place = any (places) then found := found || substring(plain from start + 1 for width + size); end if;
          start := start + width + size;
        end loop;
        return found;
      end $$`,
  ],
}
