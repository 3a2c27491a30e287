// SPDX-License-Identifier: Apache-2.0
// The cells of a plant: one instance's as blocks of eight neighbours, pack by pack (the last block of a pack may not be
// full), a block of eight instances' as one state of eight lanes per cell. Cells count over all packs.
#pragma once
#include <cstddef>
#include <cstring>
#include <vector>

#include "cell/ecm_block.hpp"

namespace twin::power {

template <class T>
struct CellStore;

template <>
struct CellStore<double> {
    std::vector<cell::CellBlock> block;
    std::vector<std::size_t> place;   // (cells) 8 x block + lane
    std::vector<std::size_t> block0;  // (packs) first block

    void add_pack(const cell::EcmModel& m, std::size_t n) {
        block0.push_back(block.size());
        for (std::size_t k = 0; k < n; ++k) place.push_back(cell::k_block * block.size() + k);
        block.resize(block.size() + cell::blocks_of(n), cell::CellBlock(m));
    }
    std::size_t size() const { return place.size(); }
    const cell::EcmState<base::Pack8>& at(std::size_t c) const { return block[place[c] / cell::k_block].state; }
    std::size_t lane(std::size_t c) const { return place[c] % cell::k_block; }
    cell::EcmState<double> state(std::size_t c) const { return cell::lane_of(at(c), lane(c)); }
    cell::EcmParams<double> params(std::size_t c) const {
        return cell::lane_of(block[place[c] / cell::k_block].params, lane(c));
    }
    void set_state(std::size_t c, const cell::EcmState<double>& s) {
        cell::set_lane_of(block[place[c] / cell::k_block].state, lane(c), s);
    }
    void set_params(std::size_t c, const cell::EcmParams<double>& p) {
        cell::set_lane_of(block[place[c] / cell::k_block].params, lane(c), p);
    }
    /// States of a pack's cells, eight by eight.
    const cell::EcmState<base::Pack8>& of(std::size_t pack, std::size_t k) const {
        return block[block0[pack] + k / cell::k_block].state;
    }
    double soc(std::size_t pack, std::size_t k) const { return of(pack, k).soc.v[k % cell::k_block]; }
    double t_core_degC(std::size_t pack, std::size_t k) const { return of(pack, k).t_core_degC.v[k % cell::k_block]; }
    double t_surf_degC(std::size_t pack, std::size_t k) const { return of(pack, k).t_surf_degC.v[k % cell::k_block]; }
    double r0_Ohm(std::size_t c) const { return at(c).r0_Ohm.v[lane(c)]; }
};

template <>
struct CellStore<base::Pack8> {
    std::vector<cell::EcmState<base::Pack8>> own;
    std::vector<cell::EcmParams<base::Pack8>> own_params;
    std::vector<std::size_t> cell0;  // (packs) first cell

    void add_pack(const cell::EcmModel&, std::size_t n) {
        cell0.push_back(own.size());
        own.resize(own.size() + n);
        own_params.resize(own.size());
    }
    std::size_t size() const { return own.size(); }
    const cell::EcmState<base::Pack8>& state(std::size_t c) const { return own[c]; }
    const cell::EcmParams<base::Pack8>& params(std::size_t c) const { return own_params[c]; }
    void set_state(std::size_t c, const cell::EcmState<base::Pack8>& s) { own[c] = s; }
    void set_params(std::size_t c, const cell::EcmParams<base::Pack8>& p) { own_params[c] = p; }
    base::Pack8 soc(std::size_t pack, std::size_t k) const { return own[cell0[pack] + k].soc; }
    base::Pack8 t_core_degC(std::size_t pack, std::size_t k) const { return own[cell0[pack] + k].t_core_degC; }
    base::Pack8 t_surf_degC(std::size_t pack, std::size_t k) const { return own[cell0[pack] + k].t_surf_degC; }
    base::Pack8 r0_Ohm(std::size_t c) const { return own[c].r0_Ohm; }
};

/// What a rollback needs of the cells. Of one instance's blocks only what a step changes is copied every time, what the
/// cells look up only after some of them did.
template <class T>
struct CellCopy;
template <>
struct CellCopy<double> {
    std::vector<cell::EcmState<base::Pack8>> state;
    bool whole = false;  // all but what a step changes is that of the cells

    void take(const CellStore<double>& from, bool extended) {
        const std::size_t n = whole && !extended ? cell::k_changing_fields * sizeof(base::Pack8) : sizeof(state[0]);
        for (std::size_t k = 0; k < state.size(); ++k)
            std::memcpy(static_cast<void*>(&state[k]), &from.block[k].state, n);
        whole = true;
    }
    void give(CellStore<double>& to) {
        for (std::size_t k = 0; k < state.size(); ++k) to.block[k].state = state[k];
    }
    void resize(const CellStore<double>& like) { state.resize(like.block.size()); }
};
template <>
struct CellCopy<base::Pack8> {
    std::vector<cell::EcmState<base::Pack8>> state;
    bool whole = false;
    void take(const CellStore<base::Pack8>& from, bool) { state = from.own; }
    void give(CellStore<base::Pack8>& to) { to.own = state; }
    void resize(const CellStore<base::Pack8>& like) { state.resize(like.own.size()); }
};

}  // namespace twin::power
