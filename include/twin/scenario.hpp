// SPDX-License-Identifier: Apache-2.0
// Verbs `load`, `validate` and `schema`: scenarios from files or JSON text. A Scenario is immutable and cheap to copy.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <twin/error.hpp>

namespace twin {

namespace detail {
struct ScenarioData;
struct Access;
}  // namespace detail

/// How scenarios are found and changed before they are validated.
struct LoadOptions {
    std::vector<std::string>
        model_dirs;  // searched after the scenario's own folder, before BMSTWIN_PATH and the installation
    std::vector<std::pair<std::string, std::string>>
        set;                            // JSON pointer (arrays by id) -> JSON value; a plain word is a string
    std::optional<std::uint64_t> seed;  // replaces the scenario's seed
};

class Scenario {
public:
    /// Reads and validates one file; throws InputError with every error found.
    static Scenario from_file(const std::string& path, const LoadOptions& options = {});
    /// The same from JSON text. `name` stands for the file in messages; models are searched beside it.
    static Scenario from_json(std::string_view text, const std::string& name = "<json>",
                              const LoadOptions& options = {});

    const std::string& id() const;
    const std::string& title() const;
    const std::vector<std::string>& tags() const;
    const std::vector<std::string>& requirements() const;
    const std::string& file() const;
    double duration_s() const;
    const std::vector<Diagnostic>& warnings() const;

    /// Effective scenario as JSON text, all defaults filled in. With `origin`, every leaf becomes
    /// {"value": .., "origin": "file" | "default" | "--set" | "model <file>"}.
    std::string effective_json(bool origin = false) const;

private:
    friend struct detail::Access;
    explicit Scenario(std::shared_ptr<const detail::ScenarioData> data) : data_(std::move(data)) {}
    std::shared_ptr<const detail::ScenarioData> data_;
};

/// Files of PATH arguments: a file as it is, a folder's *.scenario.json at any depth, sorted by name, none twice.
/// Throws InputError if a path does not exist or is neither.
std::vector<std::string> find_scenarios(const std::vector<std::string>& paths);

/// All scenarios of the files, or none: throws InputError with the errors of every file, duplicate ids included.
std::vector<Scenario> load(const std::vector<std::string>& files, const LoadOptions& options = {});

/// Checks files without running them: the language, then everything a run needs (models, channels, targets). Returns
/// all errors and warnings; no error: every file can be run.
std::vector<Diagnostic> validate(const std::vector<std::string>& files, const LoadOptions& options = {});

/// JSON Schema of the scenario language, as text.
std::string schema();

}  // namespace twin
