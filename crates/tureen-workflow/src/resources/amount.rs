//! Sizes and time spans as people write them: `2GB`, `1.5 GiB`, `90 min`. What is read and how it is rounded is as
//! Snakemake 9.27 has it (which leaves it to the humanfriendly package).

/// MB of a size: a bare number is MB already, anything else is rounded up, and never 0.
///
/// ```
/// # use tureen_workflow::resources::amount::megabytes;
/// assert_eq!(megabytes("2GB"), Some(2000));
/// assert_eq!(megabytes("1.5 GiB"), Some(1611));
/// assert_eq!(megabytes("much"), None);
/// ```
pub fn megabytes(text: &str) -> Option<i64> {
    let text = without_quotes(text);
    if is_whole(text) {
        return text.parse().ok();
    }
    let bytes = size(text)?;
    Some(whole((bytes / 1e6).ceil()).max(1))
}

/// Bytes of a size, as `--max-checksum-file-size` takes it: a bare number is bytes.
///
/// ```
/// # use tureen_workflow::resources::amount::bytes;
/// assert_eq!(bytes("1.5 MB"), Some(1_500_000));
/// assert_eq!(bytes("7"), Some(7));
/// ```
pub fn bytes(text: &str) -> Option<u64> {
    u64::try_from(whole(size(without_quotes(text))?)).ok()
}

/// Minutes of a time span: a bare number is minutes already, anything else is rounded down, and never 0.
///
/// ```
/// # use tureen_workflow::resources::amount::minutes;
/// assert_eq!(minutes("2h"), Some(120));
/// assert_eq!(minutes("1 day"), Some(1440));
/// ```
pub fn minutes(text: &str) -> Option<i64> {
    let text = without_quotes(text);
    if is_whole(text) {
        return text.parse().ok();
    }
    let (number, unit) = number_and_unit(text)?;
    let seconds = match unit.to_lowercase().as_str() {
        "ns" | "nanosecond" | "nanoseconds" => 1e-9,
        "us" | "microsecond" | "microseconds" => 1e-6,
        "ms" | "millisecond" | "milliseconds" => 1e-3,
        "" | "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        "y" | "year" | "years" => 31_449_600.0,
        _ => return None,
    };
    Some(whole((number * seconds).round_ties_even() / 60.0).max(1))
}

/// MB as text: `2 GB`, `1.05 TB`.
pub fn shown(mb: i64) -> String {
    const UNITS: [(&str, f64); 7] =
        [("YB", 1e24), ("ZB", 1e21), ("EB", 1e18), ("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6)];
    #[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
    let bytes = mb as f64 * 1e6;
    let Some((unit, size)) = UNITS.into_iter().find(|(_, size)| bytes >= *size) else {
        return format!("{bytes} bytes");
    };
    let number = format!("{:.2}", bytes / size);
    format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// Mebibytes that hold so many MB.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53 MB")]
pub fn mib_of_mb(mb: i64) -> i64 {
    whole((mb as f64 * MIB_PER_MB).ceil())
}

/// MB that fit into so many mebibytes.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53 MiB")]
pub fn mb_of_mib(mib: i64) -> i64 {
    whole((mib as f64 / MIB_PER_MB).floor())
}

const MIB_PER_MB: f64 = 1e6 / 1_048_576.0;

fn size(text: &str) -> Option<f64> {
    let (number, unit) = number_and_unit(text)?;
    let unit = unit.to_lowercase();
    if unit.is_empty() || unit.starts_with('b') {
        return Some(number.trunc());
    }
    let unit = unit.trim_end_matches('s');
    const PREFIXES: [(&str, &str, &str); 8] = [
        ("k", "kib", "kibibyte"),
        ("m", "mib", "mebibyte"),
        ("g", "gib", "gibibyte"),
        ("t", "tib", "tebibyte"),
        ("p", "pib", "pebibyte"),
        ("e", "eib", "exbibyte"),
        ("z", "zib", "zebibyte"),
        ("y", "yib", "yobibyte"),
    ];
    let mut power = 0;
    let size = PREFIXES.into_iter().find_map(|(letter, binary, binary_name)| {
        power += 1;
        // Any other word with the right first letter is decimal, as humanfriendly takes it.
        if unit == binary || unit == binary_name {
            Some(1024f64.powi(power))
        } else {
            unit.starts_with(letter).then(|| 1000f64.powi(power))
        }
    })?;
    Some((number * size).trunc())
}

/// `12.5 GB` as its two parts; `None` if there are more, or no number.
fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(text);
    if end == 0 {
        return None;
    }
    if let Some(fraction) = text[end..].strip_prefix('.')
        && digits(fraction) > 0
    {
        end += 1 + digits(fraction);
    }
    let unit = text[end..].trim();
    if unit.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((text[..end].parse().ok()?, unit))
}

fn without_quotes(text: &str) -> &str {
    text.trim_matches(['\'', '"'])
}

fn is_whole(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates, which is what an amount past all limits means"
)]
fn whole(number: f64) -> i64 {
    number as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from Snakemake 9.27.1's `Resource.parse_human_friendly` and `mb_to_str`.
    #[test]
    fn amounts_are_read_as_snakemake_does() {
        for (text, expected) in RECORDED_SIZES {
            assert_eq!(megabytes(text), *expected, "{text}");
        }
        for (text, expected) in RECORDED_TIMES {
            assert_eq!(minutes(text), *expected, "{text}");
        }
        for (mb, expected) in RECORDED_SHOWN {
            assert_eq!(shown(*mb), *expected, "{mb}");
        }
    }

    const RECORDED_SIZES: &[(&str, Option<i64>)] = &[
        ("500", Some(500)),
        ("2GB", Some(2000)),
        ("2 GB", Some(2000)),
        ("100MiB", Some(105)),
        ("1.5 GiB", Some(1611)),
        ("1kb", Some(1)),
        ("3 kilobytes", Some(1)),
        ("5b", Some(1)),
        ("12 bytes", Some(1)),
        ("1T", Some(1000000)),
        ("2 tebibytes", Some(2199024)),
        ("much", None),
        ("2GB 3MB", None),
        ("", None),
        ("1.5", Some(1)),
        ("0", Some(0)),
        ("7 giraffes", Some(7000)),
        ("-3", None),
        ("1.GB", None),
        ("'4GB'", Some(4000)),
    ];

    const RECORDED_TIMES: &[(&str, Option<i64>)] = &[
        ("30", Some(30)),
        ("2h", Some(120)),
        ("90 min", Some(90)),
        ("1 day", Some(1440)),
        ("2 weeks", Some(20160)),
        ("45s", Some(1)),
        ("10 s", Some(1)),
        ("1.5h", Some(90)),
        ("1y", Some(524160)),
        ("250ms", Some(1)),
        ("soon", None),
        ("2h 30m", None),
        ("1 hour", Some(60)),
        ("0", Some(0)),
        ("119s", Some(1)),
    ];

    const RECORDED_SHOWN: &[(i64, &str)] = &[
        (0, "0 bytes"),
        (1, "1 MB"),
        (999, "999 MB"),
        (1000, "1 GB"),
        (1500, "1.5 GB"),
        (1999, "2 GB"),
        (1048, "1.05 GB"),
        (1234567, "1.23 TB"),
        (2000000, "2 TB"),
        (1000000000, "1 PB"),
        (1001, "1 GB"),
    ];
}
