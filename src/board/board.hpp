// SPDX-License-Identifier: Apache-2.0
// One board: AFE, bus, control core with its non-volatile memory and clock, supply state, gate driver.
//
// The simulation calls it by phase (all boards through one phase before the next):
//   B run_gate_edges(t)   edges and other delayed outputs that are due -> drives()
//   D run_afe(t, view)    AFE events, bus events, INT line, reset timer
//   E run_core(t, view)   core due or woken: inputs are sampled, step runs; its outputs and gate edges are scheduled
//   (F)
// and repeats while next_due() <= t or take_drives_changed(). Between instants it calls advance() for every accepted
// plant step, and asks next_due() again after it (a conversion inside the step may have started something); before each
// plant step it reads witnesses(), and reports what it located by crossed() before phase B of that instant. What a bus
// does without effect on the plant (register pointer, sampling of a read) happens inside advance() and cuts no step.
// Nothing here allocates after construction except save(), applied() and the channel tables.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "board/board_types.hpp"

namespace twin::afe {
class Dvc1124;
}

namespace twin::board {

class Board {
public:
    /// Builds the board at t = 0 with its supply off; call start() once the plant's first state is known.
    /// Throws BoardError: unknown product or cell count, core that speaks another ABI or blocks, refused override.
    explicit Board(BoardConfig config);
    ~Board();
    Board(Board&&) noexcept;
    Board& operator=(Board&&) noexcept;

    const BoardConfig& config() const;
    /// Overrides whose name the core does not describe, one sentence each.
    const std::vector<std::string>& warnings() const;

    /// t = 0: with enough supply the reset begins, else the board is off and waits for it.
    void start(const PlantView& view);

    // --- time
    // ---------------------------------------------------------------------------------------------------------
    /// Earliest instant at which this board can change a plant input or wake its core; k_never_ns: only by a crossing.
    Time_ns next_due() const;

    bool run_gate_edges(Time_ns t_ns);                   // B; true: something happened
    bool run_afe(Time_ns t_ns, const PlantView& view);   // D
    bool run_core(Time_ns t_ns, const PlantView& view);  // E and F

    /// One accepted plant step [t0, t1], inputs linear in between (`a` at t0+, `b` at t1-). t1 > t0.
    void advance(Time_ns t0_ns, Time_ns t1_ns, const PlantView& a, const PlantView& b);
    /// After the plant was solved again at t (C): jumps of its quantities are seen by the comparators.
    void jump(Time_ns t_ns, const PlantView& view);

    // --- to and from the plant
    // ----------------------------------------------------------------------------------------
    const Drives& drives() const;
    const afe::PinDrives& pin_drives() const;
    /// True once after drives() or pin_drives() changed.
    bool take_drives_changed();
    std::span<const Witness> witnesses();
    /// The plant's quantity crossed the level at t (rounded up to whole ns).
    void crossed(std::uint32_t witness_id, Time_ns t_ns);

    // --- commands (phase A)
    // -------------------------------------------------------------------------------------------
    /// Resolves a name ("scd_A" for "scd_mA"); nothing if the core does not describe it.
    std::optional<ParamRef> find_param(std::string_view name) const;
    std::string nearest_param(std::string_view name) const;  // for messages, empty if none is near
    /// Writes a parameter; the core wakes at once. Refused (role, range, read-only, AFE limit, board off): nothing
    /// changed.
    CommandResult set_param(const ParamRef& ref, double value, std::uint32_t role, Time_ns t_ns);
    double param(const ParamRef& ref, bool applied) const;  // in the caller's unit
    /// KEY, DI or S1 (a BMS_IN_ bit).
    void set_input(std::uint32_t bit, bool level, Time_ns t_ns);
    std::vector<AppliedParam> applied() const;
    /// Sets or clears a k_fault_ bit.
    void set_fault(std::uint32_t fault, bool present, Time_ns t_ns);
    /// Flips bits of the core's state; false if the offset is beyond it or the core is off.
    bool flip_core_ram(std::uint32_t offset, std::uint8_t mask);

    // --- channels
    // -----------------------------------------------------------------------------------------------------
    const std::vector<BoardChannel>& hw_channels() const;   // hw.*, without the gates (plant)
    const std::vector<BoardChannel>& bms_channels() const;  // bms.*, as the core describes them
    double hw_value(std::uint32_t getter, std::uint32_t index) const;
    double bms_value(std::uint32_t getter, std::uint32_t index) const;  // last values of the core; 0 while it is off

    // --- evidence
    // -----------------------------------------------------------------------------------------------------
    bool core_failed() const;  // step returned an error: verdict ERROR
    std::int32_t core_status() const;
    const char* core_status_text() const;
    std::uint64_t core_hash() const;  // of all outputs and sent bytes since t = 0, equal on host and target
    std::uint64_t core_steps() const;
    const afe::Dvc1124& afe() const;  // damage, margins, applied levels
    bool powered() const;             // supply present and reset over
    const bms_description& core_description() const;
    void set_core_sink(CoreSink* sink);  // not owned; before start(); gets its header at once
    void set_log_sink(LogSink* sink);

    // --- state
    // --------------------------------------------------------------------------------------------------------
    /// Feeds the hashed state into h. `full` (end of run) hashes core state and NVM byte by byte; else their digests of
    /// the last change are used, the core's being taken before each of its steps.
    void hash(base::Hasher& h, bool full) const;
    void save(std::vector<std::uint8_t>& out) const;
    /// Returns the bytes consumed; 0 if they are of another version, core or configuration. The owner then gives
    /// drives() and pin_drives() to its plant itself; take_drives_changed() does not ask for it.
    std::size_t load(std::span<const std::uint8_t> in);

    struct Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace twin::board
