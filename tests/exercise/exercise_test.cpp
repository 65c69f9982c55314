// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "bus/savable.h"
#include "device/device_types.h"
#include "exercise/ahci_driver.h"
#include "exercise/nvme_driver.h"
#include "exercise/saved_damage.h"
#include "exercise/session.h"
#include "exercise/virtio_driver.h"
#include "state/saved_stream.h"

namespace kelvin::exercise {
namespace {

using std::chrono::steady_clock;

/// The type by which one gets a bus of `kind`; null if none has it.
const bus::DeviceType* provider_of(std::string_view kind, Guest& guest) {
    for (const bus::DeviceType* type : device::device_types()) {
        if (type->bus != "PCI") {
            continue;
        }
        auto device = guest.make(*type);
        const bool provides = device != nullptr && std::ranges::any_of(device->buses(), [&](const bus::Bus* bus) {
                                  return bus->kind() == kind;
                              });
        guest.destroy(device);
        if (provides) {
            return type;
        }
    }
    return nullptr;
}

/// One device, perhaps on another's bus.
class Exercise {
  public:
    Exercise(const bus::DeviceType& type, u64 seed) : guest_(seed) {
        const bus::DeviceType* outer = &type;
        if (guest_.board_bus(type.bus) == nullptr) {
            outer = provider_of(type.bus, guest_);
            inner_type_ = &type;
        }
        EXPECT_NE(outer, nullptr) << "nothing provides a bus of kind " << type.bus;
        outer_type_ = outer;
        if (outer_type_ != nullptr) {
            make();
        }
    }
    ~Exercise() { unmake(); }
    Exercise(const Exercise&) = delete;
    Exercise& operator=(const Exercise&) = delete;

    void run(steady_clock::time_point end) {
        u64 steps = 0;
        for (; steady_clock::now() < end && !testing::Test::HasFailure(); ++steps) {
            step();
        }
        guest_.on_io([] {});
        std::printf("%llu steps, %u interrupts; saved %u times; of %u damaged states %u refused\n",
                    static_cast<unsigned long long>(steps), guest_.messages(), saved_, damaged_, refused_);
    }

  private:
    void make() {
        outer_ = guest_.make(*outer_type_);
        ASSERT_NE(outer_, nullptr);
        plug_in();
        if (inner_type_ != nullptr) {
            inner_ = guest_.make(*inner_type_);
            ASSERT_NE(inner_, nullptr);
            const auto buses = outer_->buses();
            const auto fits = std::ranges::find(buses, inner_type_->bus, &bus::Bus::kind);
            ASSERT_NE(fits, buses.end());
            ASSERT_TRUE((*fits)->attach(*inner_, false));
            inner_bus_ = *fits;
        }
        port_ = make_port();
        driver_ = std::make_unique<VirtioDriver>(guest_, *port_);
        nvme_ = std::make_unique<NvmeDriver>(guest_, *port_);
        ahci_ = std::make_unique<AhciDriver>(guest_, *port_);
        port_->set_up();
    }
    std::unique_ptr<Port> make_port() {
        if (outer_type_->bus == "PCI") {
            return std::make_unique<PciPort>(guest_, slot_);
        }
        if (outer_type_->bus == "ISA") {
            return std::make_unique<IsaPort>(guest_, static_cast<const bus::isa::Device&>(*outer_).base());
        }
        return std::make_unique<MmioPort>(guest_);
    }
    void plug_in() {
        bus::Bus& bus = *guest_.board_bus(outer_type_->bus);
        ASSERT_TRUE(bus.attach(*outer_, false));
        if (outer_type_->bus == "PCI") {
            const std::string place = bus.place_of(*outer_);
            slot_ = static_cast<unsigned>(std::stoul(place.substr(place.find(' ') + 1), nullptr, 16));
        }
    }
    void unmake() {
        ahci_.reset();
        nvme_.reset();
        driver_.reset();
        port_.reset();
        if (inner_ != nullptr) {
            inner_bus_->detach(*inner_);
            guest_.destroy(inner_);
        }
        if (outer_ != nullptr) {
            guest_.board_bus(outer_type_->bus)->detach(*outer_);
            guest_.destroy(outer_);
        }
    }

    void step() {
        Random& random = guest_.random;
        const u64 choice = random.below(1000);
        if (choice < 500) {
            port_->touch();
        } else if (choice < 850) {
            offer();
        } else if (choice < 930) {
            start();
        } else if (choice < 950) {
            guest_.store<u64>(guest_.ram_address(), random.number(guest_.ram_address()));
        } else if (choice < 960) {
            reset();
        } else if (choice < 965) {
            replug();
        } else if (choice < 975) {
            save_and_load();
        } else {
            guest_.on_io([this] { look(); });
        }
    }
    /// As somebody who sits in front of the machine.
    void look() {
        backend::Screen* const screen = guest_.backends.screens().first();
        if (screen == nullptr) {
            return;
        }
        screen->draw(picture_);
        EXPECT_NE(picture_.pixels.size(), 0U);
        EXPECT_EQ(picture_.pixels.size(), std::size_t{picture_.width} * picture_.height);
        screen->text();
        if (guest_.random.one_in(3)) {
            const auto any_size = [this] { return static_cast<u32>(guest_.random.number(1000)); };
            screen->suggest_size(any_size(), any_size());
        }
    }
    void start() {
        port_->set_up();
        if (port_->is_virtio()) {
            driver_->start();
        } else {
            nvme_->start();
            ahci_->start();
        }
    }
    void offer() {
        if (port_->is_virtio()) {
            driver_->offer();
        } else {
            nvme_->offer();
            ahci_->offer();
        }
    }
    void reset() {
        outer_->reset();
        if (inner_ != nullptr) {
            inner_->reset();
        }
        guest_.host->remap();
    }
    void replug() {
        if (guest_.random.one_in(4)) {
            unmake();
            make();
            return;
        }
        guest_.board_bus(outer_type_->bus)->detach(*outer_);
        plug_in();
    }

    /// Nothing if it cannot be saved now.
    std::vector<state::Section> save() {
        std::vector<state::Section> sections;
        for (bus::Device* device : {outer_.get(), inner_.get()}) {
            if (device == nullptr) {
                continue;
            }
            device->savable()->quiesce();
        }
        for (bus::Device* device : {outer_.get(), inner_.get()}) {
            if (device == nullptr) {
                continue;
            }
            auto saved = device->savable()->save();
            EXPECT_TRUE(saved) << saved.error().message();
            if (saved) {
                sections.push_back({"device", "type", std::move(*saved)});
            }
        }
        return sections;
    }
    Result<> load(const std::vector<state::Section>& sections) {
        KELVIN_TRY(outer_->savable()->load(sections.front().state));
        if (inner_ != nullptr) {
            KELVIN_TRY(inner_->savable()->load(sections.back().state));
        }
        guest_.host->change_topology([] {});
        return ok();
    }
    bool can_save() const {
        return outer_->savable() != nullptr && (inner_ == nullptr || inner_->savable() != nullptr);
    }

    /// Save, disturb, load: equal. Changed text: refused. Changed values: refused or taken, as registers are.
    void save_and_load() {
        if (!can_save()) {
            return;
        }
        std::vector<state::Section> saved;
        guest_.on_io([&] { saved = save(); });
        ++saved_;
        const auto read = state::read_stream(state::write_stream(saved));
        ASSERT_TRUE(read);
        for (u64 count = guest_.random.below(40); count != 0; --count) {
            guest_.random.one_in(3) ? offer() : port_->touch();
        }
        if (guest_.random.one_in(3)) {
            reset();
        }
        guest_.on_io([&] {
            const Result<> loaded = load(*read);
            ASSERT_TRUE(loaded) << loaded.error().message() << "\n" << state::to_text(read->front().state);
            const std::vector<state::Section> again = save();
            for (std::size_t index = 0; index < saved.size(); ++index) {
                EXPECT_EQ(state::to_text(again[index].state), state::to_text(saved[index].state));
            }
        });
        load_damaged(saved);
    }
    void load_damaged(const std::vector<state::Section>& good) {
        std::vector<state::Section> bad = good;
        damage(bad, guest_.random, guest_.ram_address());
        bool loaded = false;
        guest_.on_io([&] { loaded = bool(load(bad)); });
        ++damaged_;
        if (!loaded) {
            ++refused_;
            reset();
            guest_.on_io([&] {
                const Result<> outcome = load(good);
                EXPECT_TRUE(outcome) << outcome.error().message();
            });
        }
    }

    Guest guest_;
    const bus::DeviceType* outer_type_ = nullptr;
    const bus::DeviceType* inner_type_ = nullptr;
    std::unique_ptr<bus::Device> outer_;
    std::unique_ptr<bus::Device> inner_;
    bus::Bus* inner_bus_ = nullptr;
    backend::Picture picture_;
    unsigned slot_ = 0;
    unsigned saved_ = 0;
    unsigned damaged_ = 0;
    unsigned refused_ = 0;
    std::unique_ptr<Port> port_;
    std::unique_ptr<VirtioDriver> driver_;
    std::unique_ptr<NvmeDriver> nvme_;
    std::unique_ptr<AhciDriver> ahci_;
};

class EveryDevice : public testing::TestWithParam<const bus::DeviceType*> {};

TEST_P(EveryDevice, SurvivesAnything) {
    Exercise(*GetParam(), choose_seed()).run(choose_end());
}

std::vector<const bus::DeviceType*> all_types() {
    const auto types = device::device_types();
    return {types.begin(), types.end()};
}

INSTANTIATE_TEST_SUITE_P(All, EveryDevice, testing::ValuesIn(all_types()), [](const auto& parameter) {
    std::string name(parameter.param->name);
    std::ranges::replace(name, '-', '_');
    return name;
});

}  // namespace
}  // namespace kelvin::exercise
