//! Job arrays: which part of the work a process has, from what its scheduler says.
//!
//! A scheduler starts the same command several times and tells each its number, in environment variables. `auto` stands for the
//! part that follows from them. Front ends say how variables are looked up, so that nothing here depends on the surroundings.

use attractor::options::Options;
use attractor::{Error, Result};

use crate::shard;

/// How a variable is looked up.
type Look<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// A number among several, counted from 0: (number, of how many). `None` if the scheduler does not say how many.
type Place = (usize, Option<usize>);

/// What is looked for, in the order in which it is named to users.
const LOOKED_FOR: &str = "SLURM_ARRAY_TASK_ID, PBS_ARRAY_INDEX, PBS_ARRAYID, SGE_TASK_ID, LSB_JOBINDEX, OMPI_COMM_WORLD_RANK, \
                          PMI_RANK, PMIX_RANK, and SLURM_PROCID in a step of srun";

/// Reads a share of the work. `3/8` is the third of eight. `auto` is that of a task of a job array (Slurm, PBS, Torque, Grid
/// Engine, LSF), of a process of MPI, or of a process of MPI in such a task. `auto/8` is the same where the scheduler does not
/// say how many parts there are, as PBS does not.
///
/// ```
/// use attractor_capacity::array;
/// let slurm = |name: &str| match name {
///     "SLURM_ARRAY_TASK_ID" => Some("3".into()),
///     "SLURM_ARRAY_TASK_MIN" => Some("1".into()),
///     "SLURM_ARRAY_TASK_MAX" => Some("8".into()),
///     _ => None,
/// };
/// assert_eq!(array::part("auto", &slurm)?, (3, 8));
/// assert_eq!(array::part("2/5", &slurm)?, (2, 5));
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// A text in another form; `auto` where no scheduler says anything, or where what is said does not fit together.
pub fn part(text: &str, look: &Look) -> Result<(usize, usize)> {
    let Some(told) = told(text) else { return shard(text) };
    let refuse = |expected: &str, found: String| Error::parameter("shard", expected, found);
    let (task, process) = (array(look)?, process(look)?);
    let (number, count) = match (task, process) {
        (None, None) => {
            let expected = format!("for {text} a task of a job array or a process of MPI");
            let found = format!("none of {LOOKED_FOR}; give I/N, as 3/8 for the third of eight");
            return Err(refuse(&expected, found));
        }
        (Some(place), None) | (None, Some(place)) => place,
        // A process of MPI in a task of an array.
        (Some((task, tasks)), Some((rank, Some(size)))) => {
            (task * size + rank, tasks.map(|tasks| tasks * size))
        }
        (Some(_), Some((rank, None))) => {
            return Err(refuse(
                "the number of MPI's processes in a task of a job array",
                format!("rank {rank} of an unknown number; give I/N"),
            ));
        }
    };
    let count = match (count, told) {
        (None, None) => {
            let expected = "the number of parts, which this scheduler does not say";
            return Err(refuse(expected, format!("part {} alone; give auto/N", number + 1)));
        }
        (Some(count), Some(told)) if count != told => {
            return Err(refuse(
                &format!("{told} parts, as {text} says"),
                format!("{count} by the scheduler's variables; give I/N"),
            ));
        }
        (Some(count), _) | (None, Some(count)) => count,
    };
    if number >= count {
        let found = format!("part {}; begin the array at 1, or give I/N", number + 1);
        return Err(refuse(&format!("a number from 1 to {count}, the number of parts"), found));
    }
    Ok((number + 1, count))
}

/// Of `auto` and `auto/8`, the number of parts; `None` for other texts.
fn told(text: &str) -> Option<Option<usize>> {
    match text.strip_prefix("auto")? {
        "" => Some(None),
        rest => rest.strip_prefix('/')?.parse().ok().filter(|count| *count > 0).map(Some),
    }
}

/// Checks the form of a share of the work: `3/8`, `auto` or `auto/8`.
///
/// # Errors
/// Another form.
pub fn check(text: &str) -> Result<()> {
    match told(text) {
        Some(_) => Ok(()),
        None => shard(text).map(|_| ()),
    }
}

/// Puts the part that `auto` stands for in its place, among the settings of an experiment.
///
/// # Errors
/// As [`part`].
pub fn resolve(settings: &mut Options, look: &Look) -> Result<()> {
    if let Some((part, parts)) = settings.text("shard").map(|text| part(text, look)).transpose()? {
        settings.set("shard", format!("{part}/{parts}"));
    }
    Ok(())
}

/// The task of a job array.
fn array(look: &Look) -> Result<Option<Place>> {
    let (slurm, grid) = ("SLURM_ARRAY_TASK_ID", "SGE_TASK_ID");
    let mut found: Option<(&str, Place)> = None;
    let systems: [(&str, Result<Option<Place>>); 5] = [
        (
            slurm,
            ranged(look, slurm, ["SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP"]),
        ),
        ("PBS_ARRAY_INDEX", uncounted(look, "PBS_ARRAY_INDEX")),
        ("PBS_ARRAYID", uncounted(look, "PBS_ARRAYID")),
        (grid, ranged(look, grid, ["SGE_TASK_FIRST", "SGE_TASK_LAST", "SGE_TASK_STEPSIZE"])),
        ("LSB_JOBINDEX", ranged(look, "LSB_JOBINDEX", ["", "LSB_JOBINDEX_END", "LSB_JOBINDEX_STEP"])),
    ];
    for (name, place) in systems {
        let Some(place) = place? else { continue };
        match found {
            Some((other, there)) if there != place => return Err(torn([(other, there), (name, place)])),
            _ => found = Some((name, place)),
        }
    }
    // The tasks of a list such as 1,3,7 are fewer than its ends say.
    if let (Some((name, (number, Some(count)))), Some(said)) = (found, whole(look, "SLURM_ARRAY_TASK_COUNT")?)
        && name == slurm
        && said != count
    {
        let expected = "an array without gaps, as 1-8";
        let found = format!("task {} of a range of {count}, of which there are {said}; give I/N", number + 1);
        return Err(Error::parameter("shard", expected, found));
    }
    Ok(found.map(|(_, place)| place))
}

/// The number of a task between the ends of a range, in its steps. Ranges begin at 1 where no variable says where.
fn ranged(look: &Look, name: &str, [first, last, step]: [&str; 3]) -> Result<Option<Place>> {
    // Grid Engine says "undefined" and LSF 0 where there is no array.
    if look(name).is_some_and(|text| text == "undefined") {
        return Ok(None);
    }
    let Some(number) = whole(look, name)?.filter(|n| *n > 0 || !first.is_empty()) else { return Ok(None) };
    let first = if first.is_empty() { 1 } else { whole(look, first)?.unwrap_or(1) };
    let step = whole(look, step)?.filter(|step| *step > 0).unwrap_or(1);
    let Some(end) = whole(look, last)? else {
        return Ok(Some((number.saturating_sub(first) / step, None)));
    };
    if number < first || number > end || (number - first) % step != 0 {
        let expected = format!("{name} from {first} to {end} in steps of {step}");
        return Err(Error::parameter("shard", expected, format!("{number}; give I/N")));
    }
    Ok(Some(((number - first) / step, Some((end - first) / step + 1))))
}

/// The number of a task, counted from 1, where no variable says how many there are.
fn uncounted(look: &Look, name: &str) -> Result<Option<Place>> {
    match whole(look, name)? {
        Some(0) => Err(Error::parameter(
            "shard",
            format!("{name} from 1 on"),
            "0; begin the array at 1, or give I/N",
        )),
        number => Ok(number.map(|number| (number - 1, None))),
    }
}

/// The process of MPI, or of a step of Slurm. The launcher nearest to the process is asked first: one that was itself started by
/// srun passes on the variables of its own step.
fn process(look: &Look) -> Result<Option<Place>> {
    const OF_MPI: [(&str, &str); 3] =
        [("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"), ("PMIX_RANK", "")];
    let mut found: Option<(&str, Place)> = None;
    for (name, size) in OF_MPI {
        let Some(rank) = whole(look, name)? else { continue };
        let size = if size.is_empty() { None } else { whole(look, size)? };
        match found {
            Some((other, there))
                if there.0 != rank || size.is_some() && there.1.is_some() && size != there.1 =>
            {
                return Err(torn([(other, there), (name, (rank, size))]));
            }
            Some((_, (_, Some(_)))) => {}
            _ => found = Some((name, (rank, size))),
        }
    }
    // In the script of a batch job SLURM_PROCID is 0, whatever the number of tasks: only srun starts them.
    let step = || -> Result<Option<Place>> {
        let sizes = (whole(look, "SLURM_STEP_NUM_TASKS")?, whole(look, "SLURM_PROCID")?);
        Ok(if let (Some(size), Some(rank)) = sizes { Some((rank, Some(size))) } else { None })
    };
    let found = match found {
        Some((_, (rank, None))) => match step()? {
            Some((own, size)) if own == rank => Some((rank, size)),
            _ => Some((rank, None)),
        },
        Some((_, place)) => Some(place),
        None => step()?,
    };
    match found {
        Some((rank, Some(size))) if rank >= size => Err(Error::parameter(
            "shard",
            "a rank of MPI below the number of processes",
            format!("rank {rank} of {size}; give I/N"),
        )),
        found => Ok(found),
    }
}

/// A variable that is a whole number.
fn whole(look: &Look, name: &str) -> Result<Option<usize>> {
    match look(name).filter(|text| !text.trim().is_empty() && !name.is_empty()) {
        None => Ok(None),
        Some(text) => match text.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Error::parameter(
                "shard",
                format!("a whole number in {name}"),
                format!("{text}; give I/N"),
            )),
        },
    }
}

/// The error for two variables that say different things.
fn torn(both: [(&str, Place); 2]) -> Error {
    let said = both.map(|(name, (number, count))| match count {
        Some(count) => format!("part {} of {count} by {name}", number + 1),
        None => format!("part {} by {name}", number + 1),
    });
    Error::parameter("shard", "variables that say the same", format!("{}; give I/N", said.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, variables: &[(&str, &str)]) -> std::result::Result<(usize, usize), String> {
        let look = |name: &str| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        };
        part(text, &look).map_err(|error| error.to_string())
    }

    /// The variables are those that the manuals of the schedulers list.
    #[test]
    fn each_scheduler_is_understood() {
        let slurm =
            |id| [("SLURM_ARRAY_TASK_ID", id), ("SLURM_ARRAY_TASK_MIN", "0"), ("SLURM_ARRAY_TASK_MAX", "7")];
        assert_eq!(of("auto", &slurm("0")), Ok((1, 8)));
        assert_eq!(of("auto", &slurm("7")), Ok((8, 8)));
        assert_eq!(of("auto/8", &slurm("7")), Ok((8, 8)));
        let stepped = [
            ("SLURM_ARRAY_TASK_ID", "21"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_MAX", "41"),
            ("SLURM_ARRAY_TASK_STEP", "10"),
            ("SLURM_ARRAY_TASK_COUNT", "5"),
        ];
        assert_eq!(of("auto", &stepped), Ok((3, 5)));
        let grid = [
            ("SGE_TASK_ID", "4"),
            ("SGE_TASK_FIRST", "2"),
            ("SGE_TASK_LAST", "10"),
            ("SGE_TASK_STEPSIZE", "2"),
        ];
        assert_eq!(of("auto", &grid), Ok((2, 5)));
        assert_eq!(of("auto", &[("LSB_JOBINDEX", "3"), ("LSB_JOBINDEX_END", "6")]), Ok((3, 6)));
        for name in ["PBS_ARRAY_INDEX", "PBS_ARRAYID", "LSB_JOBINDEX"] {
            assert_eq!(of("auto/6", &[(name, "3")]), Ok((3, 6)), "{name}");
            let error = of("auto", &[(name, "3")]).expect_err("no number of parts");
            assert!(error.contains("auto/N"), "{error}");
        }
        assert_eq!(of("auto", &[("OMPI_COMM_WORLD_RANK", "2"), ("OMPI_COMM_WORLD_SIZE", "3")]), Ok((3, 3)));
        assert_eq!(of("auto", &[("PMI_RANK", "0"), ("PMI_SIZE", "3")]), Ok((1, 3)));
        assert_eq!(of("auto/4", &[("PMIX_RANK", "1")]), Ok((2, 4)));
        assert_eq!(of("auto", &[("SLURM_PROCID", "1"), ("SLURM_STEP_NUM_TASKS", "4")]), Ok((2, 4)));
        assert_eq!(of("3/8", &slurm("0")), Ok((3, 8)));
    }

    #[test]
    fn processes_of_a_task_divide_its_part() {
        let both = |task, rank| {
            [
                ("SLURM_ARRAY_TASK_ID", task),
                ("SLURM_ARRAY_TASK_MIN", "1"),
                ("SLURM_ARRAY_TASK_MAX", "3"),
                ("SLURM_PROCID", rank),
                ("SLURM_STEP_NUM_TASKS", "4"),
            ]
        };
        let all: Vec<_> = ["1", "2", "3"]
            .iter()
            .flat_map(|task| ["0", "1", "2", "3"].map(|rank| of("auto", &both(task, rank)).expect("a part")))
            .collect();
        assert_eq!(all, (1..=12).map(|part| (part, 12)).collect::<Vec<_>>());
        // mpiexec in a job of Slurm: its own variables count, and not those of the step that started it.
        let launched = [
            ("OMPI_COMM_WORLD_RANK", "5"),
            ("OMPI_COMM_WORLD_SIZE", "8"),
            ("SLURM_PROCID", "1"),
            ("SLURM_STEP_NUM_TASKS", "2"),
        ];
        assert_eq!(of("auto", &launched), Ok((6, 8)));
        let direct = [("PMIX_RANK", "1"), ("SLURM_PROCID", "1"), ("SLURM_STEP_NUM_TASKS", "4")];
        assert_eq!(of("auto", &direct), Ok((2, 4)));
        // The script of a batch job is one process, however many tasks were asked for.
        let script = [
            ("SLURM_ARRAY_TASK_ID", "2"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_MAX", "3"),
            ("SLURM_PROCID", "0"),
            ("SLURM_NTASKS", "4"),
        ];
        assert_eq!(of("auto", &script), Ok((2, 3)));
    }

    #[test]
    fn what_does_not_fit_together_is_said() {
        let refused = |text: &str, variables: &[(&str, &str)], words: &[&str]| {
            let error = of(text, variables).expect_err("refused");
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        };
        refused("auto", &[], &["SLURM_ARRAY_TASK_ID", "PBS_ARRAYID", "LSB_JOBINDEX", "I/N"]);
        refused("auto", &[("SLURM_PROCID", "0"), ("SLURM_NTASKS", "4")], &["none of"]);
        refused("auto", &[("SGE_TASK_ID", "undefined"), ("LSB_JOBINDEX", "0")], &["none of"]);
        let gaps = [
            ("SLURM_ARRAY_TASK_ID", "3"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_MAX", "7"),
            ("SLURM_ARRAY_TASK_COUNT", "3"),
        ];
        refused("auto", &gaps, &["gaps", "there are 3"]);
        refused("auto", &[("SLURM_ARRAY_TASK_ID", "two")], &["SLURM_ARRAY_TASK_ID", "two"]);
        refused(
            "auto",
            &[("SLURM_ARRAY_TASK_ID", "9"), ("SLURM_ARRAY_TASK_MAX", "7")],
            &["from 1 to 7", "9"],
        );
        refused(
            "auto/6",
            &[("SLURM_ARRAY_TASK_ID", "1"), ("SLURM_ARRAY_TASK_MAX", "7")],
            &["6 parts", "7 by"],
        );
        refused("auto/6", &[("PBS_ARRAY_INDEX", "0")], &["begin the array at 1"]);
        refused("auto/6", &[("PBS_ARRAY_INDEX", "7")], &["from 1 to 6", "part 7"]);
        refused("auto/8", &[("PBS_ARRAY_INDEX", "1"), ("SGE_TASK_ID", "2")], &["say the same"]);
        let ranks = [("OMPI_COMM_WORLD_RANK", "1"), ("OMPI_COMM_WORLD_SIZE", "2"), ("PMI_RANK", "0")];
        refused("auto", &ranks, &["say the same", "PMI_RANK"]);
        refused("auto", &[("PMI_RANK", "3"), ("PMI_SIZE", "3")], &["rank 3 of 3"]);
        refused("auto", &[("PBS_ARRAY_INDEX", "1"), ("PMIX_RANK", "0")], &["unknown number"]);
        for text in ["auto/", "auto/0", "auto/x", "automatic", "0/3", "4/3", "3"] {
            refused(text, &[], &["I/N"]);
        }
    }
}
