// SPDX-License-Identifier: Apache-2.0
// One transmit queue (8254x 3.3 to 3.5): descriptors become frames.
#pragma once

#include <vector>

#include "device/intel_ethernet/interrupts.h"
#include "device/intel_ethernet/register_file.h"
#include "device/network_card/frame.h"
#include "memory/dma.h"

namespace kelvin::device::intel {

/// With the controller's lock held.
class Transmitter {
  public:
    /// `queue` is 0 or 1. All outlive it.
    Transmitter(unsigned queue, RegisterFile& registers, Interrupts& interrupts, const memory::Dma& dma);

    /// Takes descriptors, and makes frames of them in `frames` until it is full or `fuel` is used up. True if there are
    /// more.
    bool run(network_card::FrameList& frames, unsigned& fuel);
    void reset() { state_ = {}; }

    /// What a context descriptor says (3.3.6).
    struct Context {
        u8 network_start = 0;
        u8 network_sum_at = 0;
        u16 network_end = 0;
        u8 transport_start = 0;
        u8 transport_sum_at = 0;
        u16 transport_end = 0;
        u32 payload = 0;
        u8 header = 0;
        u16 segment = 0;
        bool tcp = false;
        bool ipv4 = false;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("network_start", network_start);
            visit("network_sum_at", network_sum_at);
            visit("network_end", network_end);
            visit("transport_start", transport_start);
            visit("transport_sum_at", transport_sum_at);
            visit("transport_end", transport_end);
            visit("payload", payload);
            visit("header", header);
            visit("segment", segment);
            visit("tcp", tcp);
            visit("ipv4", ipv4);
        }
    };
    struct State {
        Context plain;       ///< for checksums alone
        Context segmenting;  ///< for packets to be cut
        // Of the packet that descriptors have begun:
        bool begun = false;
        bool cuts = false;
        bool broken = false;  ///< it cannot be sent
        u8 options = 0;       ///< POPTS
        u32 segments = 0;     ///< sent so far
        u32 sent = 0;         ///< bytes of data in them
        std::vector<u8> frame;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("plain", plain);
            visit("segmenting", segmenting);
            visit("begun", begun);
            visit("cuts", cuts);
            visit("broken", broken);
            visit("options", options);
            visit("segments", segments);
            visit("sent", sent);
            visit("frame", frame);
        }
        Result<> check() const;
    };
    State& state() { return state_; }

  private:
    struct Descriptor {
        u64 address = 0;
        u32 command = 0;
        u32 fields = 0;
    };
    void take(const Descriptor& descriptor, network_card::FrameList& frames);
    void take_context(const Descriptor& descriptor);
    void append(u64 address, u32 size, const Descriptor& descriptor, network_card::FrameList& frames);
    void finish(const Descriptor& descriptor, network_card::FrameList& frames);
    void emit(const Descriptor& descriptor, bool is_last, network_card::FrameList& frames);
    void write_back(u64 at, const Descriptor& descriptor);

    const u32 ring_;
    const unsigned queue_;
    RegisterFile& registers_;
    Interrupts& interrupts_;
    const memory::Dma& dma_;
    State state_;
};

}  // namespace kelvin::device::intel
