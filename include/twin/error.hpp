// SPDX-License-Identifier: Apache-2.0
// Errors of the public API. The library never prints, exits or aborts: bad input is an InputError that lists everything
// found, misuse of a running simulation is a RunError. Failures of the simulated numerics or of the control core are no
// exceptions: they are RunResult::status.
#pragma once
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace twin {

/// One finding about an input file.
struct Diagnostic {
    enum class Severity : unsigned char { error, warning };
    Severity severity = Severity::error;
    std::string file;     // as the caller named it
    std::string pointer;  // JSON pointer inside the file, e.g. "/events/short/r_mohm"; "" for the file as a whole
    std::string message;  // what is wrong, with the value, the allowed range and the nearest valid name
    int line = 0;         // 1-based, 0: not known
    int column = 0;
};

/// "file:line:column: error at /pointer: message"
std::string to_string(const Diagnostic& d);

/// Files or options that cannot be used. what() is all errors, one a line.
class InputError : public std::runtime_error {
public:
    explicit InputError(std::vector<Diagnostic> found);
    const std::vector<Diagnostic>& diagnostics() const noexcept { return diagnostics_; }

private:
    std::vector<Diagnostic> diagnostics_;
};

/// Misuse of a simulation: an unknown channel or target, a value out of range, time going back, foreign state bytes.
class RunError : public std::runtime_error {
public:
    /// `where` names the channel, target or time.
    RunError(const std::string& message, std::string where = {})
        : std::runtime_error(message), place_(std::move(where)) {}
    const std::string& place() const noexcept { return place_; }

private:
    std::string place_;
};

/// A file that cannot be written or read; what() has its name and the system's reason.
class FileError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace twin
