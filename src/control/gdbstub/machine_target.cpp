// SPDX-License-Identifier: Apache-2.0
#include "control/gdbstub/machine_target.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/bits.h"

namespace kelvin::gdbstub {

namespace {

constexpr u64 kPage = 4096;

/// The widest access that devices know which is aligned and no longer than `left`.
unsigned access_size(u64 address, std::size_t left) {
    unsigned size = 8;
    while (size > left || (address & (size - 1)) != 0) {
        size /= 2;
    }
    return size;
}

bool read_physical(const memory::AddressMap& memory, unsigned cpu, Gpa address, std::span<u8> out) {
    if (memory.copy_in(address, out)) {
        return true;
    }
    for (std::size_t done = 0; done < out.size();) {
        const unsigned size = access_size(address.value + done, out.size() - done);
        u64 value = 0;
        if (!memory.read(address + done, size, value, cpu)) {
            return false;
        }
        std::memcpy(&out[done], &value, size);
        done += size;
    }
    return true;
}

bool write_physical(const memory::AddressMap& memory, unsigned cpu, Gpa address, std::span<const u8> data) {
    if (memory.copy_out(address, data)) {
        return true;
    }
    for (std::size_t done = 0; done < data.size();) {
        const unsigned size = access_size(address.value + done, data.size() - done);
        u64 value = 0;
        std::memcpy(&value, &data[done], size);
        if (!memory.write(address + done, size, value, cpu)) {
            return false;
        }
        done += size;
    }
    return true;
}

}  // namespace

std::string MachineTarget::describe_thread(unsigned thread) const {
    const char* const state = !vm_.is_cpu_on(thread) ? "off" : vm_.cpu(thread).is_waiting() ? "halted" : "running";
    return fmt::format("CPU#{} [{}]", thread, state);
}

std::unique_ptr<ProcessorView> MachineTarget::view(unsigned thread) const {
    return view_of(vm_.cpu(thread));
}

std::size_t MachineTarget::register_count() const {
    return view(0)->register_count();
}

std::size_t MachineTarget::register_size(std::size_t number) const {
    return view(0)->register_size(number);
}

std::vector<u8> MachineTarget::read_register(unsigned thread, std::size_t number) {
    return view(thread)->read_register(number);
}

void MachineTarget::write_register(unsigned thread, std::size_t number, std::span<const u8> bytes) {
    view(thread)->write_register(number, bytes);
}

u64 MachineTarget::pc_of(unsigned thread) {
    return view(thread)->pc();
}

void MachineTarget::set_pc(unsigned thread, u64 address) {
    view(thread)->set_pc(address);
}

std::string MachineTarget::description(std::string_view file) const {
    return view(0)->description(file);
}

/// Calls `access(physical address, part of bytes)` for what lies in each page until it is false.
template <class Bytes, class Access>
std::size_t MachineTarget::each_page(unsigned thread, bool physical, u64 address, Bytes bytes, Access access) {
    const std::unique_ptr<ProcessorView> processor = view(thread);
    std::size_t done = 0;
    while (done < bytes.size()) {
        const u64 at = address + done;
        const std::size_t count = std::min<u64>(bytes.size() - done, kPage - at % kPage);
        const auto place = physical ? std::optional(Gpa{at}) : processor->translate(vm_.memory(), Gva{at});
        if (!place || !access(*place, bytes.subspan(done, count))) {
            break;
        }
        done += count;
    }
    return done;
}

std::size_t MachineTarget::read_memory(unsigned thread, bool physical, u64 address, std::span<u8> out) {
    return each_page(thread, physical, address, out,
                     [&](Gpa place, std::span<u8> part) { return read_physical(vm_.memory(), thread, place, part); });
}

std::size_t MachineTarget::write_memory(unsigned thread, bool physical, u64 address, std::span<const u8> data) {
    return each_page(thread, physical, address, data, [&](Gpa place, std::span<const u8> part) {
        return write_physical(vm_.memory(), thread, place, part);
    });
}

void MachineTarget::note_stop(unsigned thread, const accel::DebugEvent& event) {
    if (event.kind == accel::DebugEvent::Kind::watchpoint) {
        told_of_watchpoint_[thread] = pc_of(thread);
    }
}

void MachineTarget::resume(const accel::DebugPoints& points, std::span<const Action> actions, bool step_interrupts) {
    std::vector<vm::DebugAction> orders;
    for (unsigned thread = 0; thread < actions.size(); thread++) {
        const auto told = told_of_watchpoint_.find(thread);
        const bool pass = told != told_of_watchpoint_.end() && told->second == pc_of(thread);
        orders.push_back({actions[thread].run, actions[thread].step, step_interrupts, pass});
        if (actions[thread].run) {
            told_of_watchpoint_.erase(thread);
        }
    }
    has_resumed_ = true;
    vm_.resume_debugged(points, orders);
}

}  // namespace kelvin::gdbstub
