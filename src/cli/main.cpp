// SPDX-License-Identifier: Apache-2.0
// The command `bmstwin`: parses its arguments and calls a verb of commands.hpp.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <new>

#include "cli/commands.hpp"
#include "cli/suggest.hpp"

namespace twin::cli {
namespace {

void add_loading(CLI::App& verb, Selection& s) {
    verb.add_option("--models", s.models, "Folder of models, searched after the scenario's own (may be repeated)")
        ->type_name("DIR")
        ->allow_extra_args(false)
        ->take_all();
    verb.add_option(
            "--set", s.set,
            "Changes the scenario before it is checked, e.g. /events/short/r_mohm=5; arrays by id (may be repeated)")
        ->type_name("POINTER=VALUE")
        ->allow_extra_args(false)
        ->take_all();
}

void add_selection(CLI::App& verb, Selection& s) {
    verb.add_option("PATH", s.paths, "Scenario files, or folders with *.scenario.json at any depth")->required();
    verb.add_option("--filter", s.filter, "Only ids that match the glob, e.g. 'short-*'")->type_name("GLOB");
    verb.add_option("--tag", s.tag, "Only scenarios with this tag")->type_name("TAG");
}

void add_run(CLI::App& app, RunArguments& a, std::function<int()>& verb) {
    CLI::App* run = app.add_subcommand("run", "Runs scenarios and judges them; writes the evidence of each");
    add_selection(*run, a.selection);
    run->add_option("--out", a.out,
                    "Folder of the evidence: DIR/<id>/summary.json, events.jsonl, trace.csv, and DIR/report.html")
        ->type_name("DIR")
        ->capture_default_str();
    run->add_option("--jobs", a.batch.jobs, "Scenarios run at the same time; results do not depend on it")
        ->type_name("N")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    run->add_option("--junit", a.junit, "Writes JUnit XML")->type_name("FILE");
    run->add_option("--html", a.html, "Writes the HTML report to this file as well")->type_name("FILE");
    add_loading(*run, a.selection);
    run->add_option("--seed", a.selection.seed, "Replaces the seed of every scenario")->type_name("N");
    run->add_option("--core", a.batch.run.core_library, "Shared object with a control core instead of the built-in one")
        ->type_name("LIB");
    run->add_option("--step-scale", a.batch.run.step_scale,
                    "Multiplies every plant step; a result may not depend on it")
        ->type_name("X")
        ->check(CLI::Range(0x1p-10, 16.0))
        ->capture_default_str();
    run->add_flag("--strict", a.batch.run.strict, "Leaving a model's valid range fails the run");
    run->add_option("--repeat", a.batch.repeat, "Runs each scenario N times; hashes must be equal")
        ->type_name("N")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    run->add_flag("--fail-fast", a.batch.fail_fast, "Starts nothing new after the first scenario that did not pass");
    run->add_flag("--quiet", a.quiet, "Prints nothing but errors");
    run->footer(
        "Exit code: 0 all passed, 1 an expectation failed, 2 bad input or nothing selected, 3 internal or ERROR.\n"
        "Every file is checked before any runs. Example: bmstwin run scenarios --jobs 2 --junit junit.xml");
    run->callback([&a, &verb] { verb = [&a] { return run_command(a); }; });
}

const char* const k_fit_examples =
    "Examples: bmstwin fit slow.csv@25 hppc.csv@25@1 --validate us06.csv@25 --max-rms 25 --out my-cell.json\n"
    "bmstwin fit --from-bpx chen2020 --kind dfn --out chen.json --svg residuals.svg";

void above_0(CLI::Option* o, const char* unit) { o->type_name(unit)->check(CLI::PositiveNumber); }

void add_fit(CLI::App& app, FitArguments& a, std::function<int()>& verb) {
    CLI::App* fit = app.add_subcommand("fit", "Identifies a cell model from measured time series");
    fit->add_option(
        "FILE", a.files,
        "CSV files: FILE, FILE@TEMP_DEGC (of the cell, or of its surroundings where the file has the cell's), "
        "then @SOC and @HYSTERESIS (-1 .. 1) at the start. CELL=FILE.. for several cells: a model of each "
        "(FILE-CELL.json of --out) and what they differ by");
    fit->add_option(
           "--from-bpx", a.options.from_bpx,
           "Instead of files: an electrochemical set (a BPX file, or chen2020, prada2013, ..), simulated in pulse "
           "tests; a 1C discharge and drive-like profiles are held back")
        ->type_name("FILE");
    fit->add_option("--kind", a.options.from_kind, "With --from-bpx: simulated as spm, spme or dfn; spme by default")
        ->check(CLI::IsMember({"spm", "spme", "dfn"}));
    fit->add_option("--temps", a.options.from_temps_degC, "With --from-bpx: temperatures; 0,10,25,40 by default")
        ->type_name("DEGC")
        ->delimiter(',')
        ->check(CLI::Range(-40.0, 80.0));
    fit->add_option("--validate", a.validate, "Files held back: simulated and judged, not fitted")->type_name("FILE");
    fit->add_option("--eis", a.eis,
                    "Impedance as CSV (freq_Hz, z_re_Ohm, z_im_Ohm): FILE@TEMP_DEGC@SOC, or FILE with columns of both "
                    "(many spectra); with files, or with --ocv-table alone (may be repeated)")
        ->type_name("FILE")
        ->allow_extra_args(false)
        ->take_all();
    fit->add_option("--eis-columns", a.eis_columns,
                    "Names of its columns, e.g. f=freq,re=Zre_mOhm,im=Zim_mOhm,T=T,soc=soc");
    fit->add_option(
        "--columns", a.columns,
        "Names of the columns, e.g. t=Time,i=Current,v=Voltage,T=Temp,A=Ambient,soc=SOC (soc: only if named)");
    fit->add_flag("--current-offset", a.options.current_offset,
                  "Corrects the charge count by the offset of the current that the column soc shows");
    fit->add_option("--current-sign", a.current_sign, "Which direction is positive in the files")
        ->check(CLI::IsMember({"discharge-positive", "charge-positive"}));
    fit->add_option("--ocv-table", a.options.ocv_table, "CSV with soc and OCV instead of slow tests")
        ->type_name("FILE");
    above_0(fit->add_option("--capacity-Ah", a.options.capacity_Ah, "Instead of the slow discharge's"), "AH");
    fit->add_option("--ocv-capacity-Ah", a.options.ocv_capacity_Ah,
                    "Charge between soc 0 and 1 of the slow tests or the table, where it is not --capacity-Ah")
        ->type_name("AH");
    above_0(fit->add_option("--nameplate-Ah", a.options.nameplate_Ah, "What is printed on the cell"), "AH");
    fit->add_option("--mass-kg", a.options.mass_kg, "Mass")->type_name("KG");
    fit->add_option("--v-min", a.options.v_min_V, "Lower limit of the sheet")->type_name("V");
    fit->add_option("--v-max", a.options.v_max_V, "Upper limit of the sheet")->type_name("V");
    fit->add_option("--heat-capacity", a.options.heat_capacity_J_per_K,
                    "Of the whole cell; else from temperatures that move")
        ->type_name("J/K");
    fit->add_option("--specific-heat", a.options.specific_heat_J_per_kgK, "Instead of --heat-capacity, with --mass-kg")
        ->type_name("J/kgK");
    fit->add_option("--cooling", a.options.cooling_K_per_W, "Surface to surroundings; else from temperatures that move")
        ->type_name("K/W");
    CLI::Option* rc = fit->add_option("--rc", a.options.n_rc, "RC pairs; else 3 for pulses, 2 for drive cycles");
    rc->check(CLI::Range(1, 3));
    fit->add_option("--soc-floor", a.options.soc_floor_rel, "Samples below are neither fitted nor judged")
        ->check(CLI::Range(0.0, 0.5))
        ->capture_default_str();
    fit->add_option("--id", a.options.id, "Id of the model")->capture_default_str();
    fit->add_option("--title", a.options.title, "Title of the model");
    CLI::Option* chemistry = fit->add_option("--chemistry", a.options.chemistry,
                                             "Chooses the limits of the protection profiles; NMC by default, with "
                                             "--from-bpx by the OCV");
    chemistry->check(CLI::IsMember({"LFP", "NMC", "LTO"}));
    fit->add_option("--source", a.options.sources, "Where the data come from, with licence (may be repeated)")
        ->allow_extra_args(false)
        ->take_all();
    fit->add_option("--out", a.out, "Model file")->type_name("FILE");
    fit->add_option("--svg", a.svg, "Plot of the residuals")->type_name("FILE");
    fit->add_option("--csv", a.csv, "Residuals as CSV")->type_name("FILE");
    fit->add_option("--max-rms", a.max_rms_mV,
                    "Exit code 1 if a held-back file (or, without one, a fitted one) is worse")
        ->type_name("MV");
    fit->add_flag("--quiet", a.quiet, "Prints nothing but errors");
    fit->footer(k_fit_examples);
    fit->callback([&a, &verb, rc, chemistry] {
        if (!a.options.from_bpx.empty() && rc->count() == 0) a.options.n_rc = 3;
        if (!a.options.from_bpx.empty() && chemistry->count() == 0) a.options.chemistry.clear();
        verb = [&a] { return fit_command(a); };
    });
}

struct Arguments {
    RunArguments run;
    CellArguments cell;
    AgeingArguments ageing;
    FitArguments fit;
    EisArguments eis;
    Selection list, channels, validate, show;
    std::string channels_file, channels_core, show_file;
    bool channels_as_json = false, origin = false;
};

void add_eis(CLI::App& app, EisArguments& a, std::function<int()>& verb) {
    CLI::App* eis = app.add_subcommand("eis", "Impedance spectrum of a cell model");
    eis->add_option("MODEL", a.options.model,
                    "Name of a shipped model (lfp-100ah, chen2020, ..), or a model or BPX file")
        ->required();
    eis->add_option("--kind", a.options.kind, "ecm, abused, spm, spme or dfn; spme if a BPX file and nothing is said");
    eis->add_option("--soc", a.soc_pct, "Charge")
        ->type_name("PCT")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    eis->add_option("--temp", a.options.temp_degC, "Temperature")
        ->type_name("DEGC")
        ->check(CLI::Range(-60.0, 120.0))
        ->capture_default_str();
    eis->add_option("--freq", a.freq, "LO:HI, LO:HI:PER_DECADE or F,F,F in Hz; without it 0.001:1000:10")
        ->type_name("HZ");
    eis->add_option("--degradation", a.options.degradation,
                    "As for the verb cell: the new cell's SEI film is in the impedance")
        ->type_name("LAW[,LAW]");
    eis->add_option("--sei-nm", a.options.sei_nm, "With --degradation: an aged cell's film (the verb ageing tells it)")
        ->type_name("NM")
        ->check(CLI::Range(0.0, 1e5));
    eis->add_option("--out", a.out, "Spectrum as CSV: freq_Hz, z_re_Ohm, z_im_Ohm")->type_name("FILE");
    eis->add_option("--svg", a.svg, "Nyquist and magnitude plots")->type_name("FILE");
    eis->footer("Example: bmstwin eis chen2020 --kind dfn --soc 50 --freq 0.001:1000 --svg chen.svg");
    eis->callback([&a, &verb] { verb = [&a] { return eis_command(a); }; });
}

void add_cell(CLI::App& app, CellArguments& a, std::function<int()>& verb) {
    CLI::App* cell = app.add_subcommand("cell", "Runs one cell alone on a cycler's protocol");
    cell->add_option("MODEL", a.model, "Name of a shipped model (lfp-100ah, chen2020, ..), or a model or BPX file")
        ->required();
    CLI::Option* step =
        cell->add_option(
                "--do", a.protocol,
                "A step in words, e.g. \"Discharge at 1C until 2.5 V\", or an object of the scenario language; "
                "again for the next")
            ->type_name("STEP");
    cell->add_option(
            "--protocol", a.protocol_file,
            "Instead: steps of a JSON file: [STEP, ..], {\"steps\": [..], \"repeat\": n}, or a scenario with a "
            "protocol")
        ->type_name("FILE")
        ->excludes(step);
    cell->add_option("--kind", a.kind, "ecm, abused, spm, spme or dfn; spme if a BPX file and nothing is said");
    cell->add_option("--soc", a.soc_pct, "Charge at the start; else what a BPX file's State says, else full")
        ->type_name("PCT")
        ->check(CLI::Range(0.0, 100.0));
    cell->add_option("--hysteresis", a.hysteresis,
                     "How it came there, and its last current: -1 by a long discharge, 1 by a long charge")
        ->check(CLI::Range(-1.0, 1.0));
    cell->add_option("--temp", a.temp_degC, "Cell and surroundings")
        ->type_name("DEGC")
        ->check(CLI::Range(-60.0, 120.0));
    cell->add_flag("--thermal", a.thermal, "An electrochemical cell warms up");
    cell->add_option("--degradation", a.degradation,
                     "SEI growth and plating in an electrochemical cell: on, or laws: reaction, solvent-diffusion, "
                     "interstitial-diffusion, ec-reaction; irreversible-, reversible-, partial-plating")
        ->type_name("LAW[,LAW]");
    cell->add_option("--repeat", a.repeat, "The protocol this often")->type_name("N")->check(CLI::Range(1, 100000));
    cell->add_option("--out", a.out, "All samples as CSV")->type_name("FILE");
    cell->footer(
        "Examples: bmstwin cell chen2020 --kind dfn --do \"Discharge at 1C until 2.5 V\" --do \"Rest for 1 hour\"\n"
        "          bmstwin cell lfp-100ah --soc 50 --protocol hppc.json --out samples.csv");
    cell->callback([&a, &verb] { verb = [&a] { return cell_command(a); }; });
}

void add_ageing(CLI::App& app, AgeingArguments& a, std::function<int()>& verb) {
    CLI::App* age = app.add_subcommand("ageing", "Years of a duty on one cell: capacity and resistance");
    age->add_option("MODEL", a.model, "Name of a shipped equivalent circuit (lfp-100ah, ..), or a model file")
        ->required();
    age->add_option("--duty", a.options.protocol,
                    "A step of the period in words; again for the next. By default \"Discharge at 0.5C until 20 %\", "
                    "\"Rest for 1 hour\", \"Charge at 0.5C until 100 %\"")
        ->type_name("STEP")
        ->allow_extra_args(false)
        ->take_all();
    age->add_option("--period", a.options.period_h, "Length of the period; a rest fills it, then it is repeated")
        ->type_name("HOURS")
        ->check(CLI::Range(0.02, 8784.0))
        ->capture_default_str();
    age->add_option("--years", a.years, "How long")
        ->type_name("YEARS")
        ->check(CLI::Range(0.003, 100.0))
        ->capture_default_str();
    age->add_option("--temp", a.temp_degC, "Surroundings, 25 by default; several (a,b,c) are equal shares of the year")
        ->type_name("DEGC")
        ->delimiter(',')
        ->check(CLI::Range(-60.0, 120.0));
    age->add_option("--law", a.options.law,
                    "Name of a shipped ageing law (models/ageing), or a file; by default the one "
                    "nearest to the cell's chemistry and size")
        ->type_name("LAW");
    age->add_option("--degradation", a.options.degradation,
                    "Ages a BPX file's cell from inside instead: on, or laws as for the verb cell")
        ->type_name("LAW[,LAW]");
    age->add_option("--kind", a.options.kind, "With --degradation: spm, spme (default) or dfn");
    age->add_option("--soc", a.soc_pct, "Charge where the period begins")
        ->type_name("PCT")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    age->add_option("--eol", a.eol_pct, "Capacity at which its life ends")
        ->type_name("PCT")
        ->check(CLI::Range(5.0, 99.9))
        ->capture_default_str();
    age->add_option("--tol", a.tol_pct, "Error of capacity that the jumps may cost")
        ->type_name("PCT")
        ->check(CLI::Range(1e-7, 10.0))
        ->capture_default_str();
    age->add_option("--rows", a.row_years, "Years between rows")
        ->type_name("YEARS")
        ->check(CLI::Range(0.003, 100.0))
        ->capture_default_str();
    age->add_flag("--full", a.full, "Simulates every period instead of jumping");
    age->add_option("--out", a.out, "Rows as CSV")->type_name("FILE");
    age->add_option("--json", a.json, "Everything as JSON")->type_name("FILE");
    age->footer(
        "Example: bmstwin ageing lfp-100ah --years 10 --temp 5,15,30,18 --duty \"Discharge at 0.3C until 30 %\" "
        "--duty \"Charge at 0.3C until 100 %\"");
    age->callback([&a, &verb] { verb = [&a] { return ageing_command(a); }; });
}

void add_others(CLI::App& app, Arguments& a, std::function<int()>& verb) {
    CLI::App* list = app.add_subcommand("list", "Lists scenarios with title and tags");
    add_selection(*list, a.list);
    list->callback([&] { verb = [&a] { return list_command(a.list); }; });

    CLI::App* channels = app.add_subcommand(
        "channels", "Lists every channel and settable target of a scenario with unit, shape and meaning");
    channels->add_option("FILE", a.channels_file, "Scenario file")->required();
    channels->add_flag("--json", a.channels_as_json, "As JSON");
    channels->add_option("--core", a.channels_core, "Shared object with a control core: its bms.* signals")
        ->type_name("LIB");
    add_loading(*channels, a.channels);
    channels->callback([&] {
        verb = [&a] { return channels_command(a.channels_file, a.channels, a.channels_core, a.channels_as_json); };
    });

    CLI::App* validate =
        app.add_subcommand("validate", "Checks scenario files without running them; lists every error");
    validate->add_option("FILE", a.validate.paths, "Scenario files or folders")->required();
    add_loading(*validate, a.validate);
    validate->callback([&] { verb = [&a] { return validate_command(a.validate); }; });

    CLI::App* show = app.add_subcommand("show", "Prints the effective scenario with all defaults");
    show->add_option("FILE", a.show_file, "Scenario file")->required();
    show->add_flag("--origin", a.origin, "With where each value came from");
    add_loading(*show, a.show);
    show->callback([&] { verb = [&a] { return show_command(a.show_file, a.show, a.origin); }; });

    app.add_subcommand("schema", "Prints the JSON Schema of the scenario language")->callback([&] {
        verb = schema_command;
    });
    app.add_subcommand("version", "Prints the versions that results depend on")->callback([&] {
        verb = version_command;
    });
}

// What the words of a rejected command line may have meant: a verb, or an option of the verb in use.
std::string suggestion(const CLI::App& app, int argc, char** argv) {
    std::vector<std::string> verbs, options;
    for (const CLI::App* sub : app.get_subcommands({})) verbs.push_back(sub->get_name());
    const CLI::App* used = &app;
    for (const CLI::App* sub : app.get_subcommands({}))
        if (argc > 1 && sub->get_name() == argv[1]) used = sub;
    if (used == &app && argc > 1 && argv[1][0] != '-') {
        const std::string near = nearest(argv[1], verbs);
        return near.empty() ? "" : fmt::format("'{}' is no verb; did you mean '{}'?", argv[1], near);
    }
    for (const CLI::Option* o : used->get_options())
        for (const std::string& name : o->get_lnames()) options.push_back("--" + name);
    for (int k = 1; k < argc; ++k) {
        const std::string word = std::string(argv[k]).substr(0, std::string(argv[k]).find('='));
        const bool known = word.rfind("--", 0) != 0 || std::find(options.begin(), options.end(), word) != options.end();
        const std::string near = known ? "" : nearest(word, options);
        if (!near.empty())
            return fmt::format("'{}' is no option of {}; did you mean '{}'?", word, used->get_name(), near);
    }
    return "";
}

int guarded(const std::function<int()>& verb) {
    try {
        return verb();
    } catch (const InputError& e) {
        print_diagnostics(e.diagnostics());
        return k_bad_input;
    } catch (const RunError& e) {  // a value out of range
        fmt::print(stderr, "error: {}{}{}\n", e.place(), e.place().empty() ? "" : ": ", e.what());
        return k_bad_input;
    } catch (const FileError& e) {
        fmt::print(stderr, "error: {}\n", e.what());
        return k_internal;
    } catch (const std::bad_alloc&) {
        std::fputs("error: out of memory\n", stderr);
        return k_internal;
    } catch (const std::exception& e) {
        fmt::print(stderr, "internal error: {}\n", e.what());
        return k_internal;
    }
}

int main_of(int argc, char** argv) {
    CLI::App app{
        "bmstwin: a battery pack with its protection board, simulated from microseconds to weeks and judged with "
        "margins"};
    app.name("bmstwin");
    app.require_subcommand(1);
    app.set_version_flag("--version", "bmstwin " + version());
    app.get_formatter()->column_width(34);
    Arguments arguments;
    std::function<int()> verb;
    add_run(app, arguments.run, verb);
    add_cell(app, arguments.cell, verb);
    add_eis(app, arguments.eis, verb);
    add_ageing(app, arguments.ageing, verb);
    add_fit(app, arguments.fit, verb);
    add_others(app, arguments, verb);
    app.footer("bmstwin VERB --help explains a verb.");
    if (argc == 1) {
        std::fputs(app.help().c_str(), stderr);
        return k_bad_input;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& e) {  // --help, --version
        return app.exit(e);
    } catch (const CLI::ParseError& e) {
        const std::string hint = suggestion(app, argc, argv);
        fmt::print(stderr, "error: {}\n", hint.empty() ? e.what() : hint);
        return k_bad_input;
    }
    return guarded(verb);
}

}  // namespace
}  // namespace twin::cli

int main(int argc, char** argv) {
    try {
        return twin::cli::main_of(argc, argv);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "internal error: %s\n", e.what());
        return twin::cli::k_internal;
    }
}
