// SPDX-License-Identifier: Apache-2.0
// An NVM Express controller on PCI Express, and the bus that further namespaces are plugged into.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "bus/device_type.h"
#include "bus/pci/function.h"
#include "bus/saved_by_its_bus.h"
#include "device/nvme/controller.h"

namespace kelvin::device {

/// A disk as a namespace of a controller: `-device nvme-ns,drive=...,bus=CONTROLLER`.
class NvmeNamespace final : public bus::Device, private bus::SavedByItsBus {
  public:
    struct Options {
        nvme::NamespaceOptions space;
        u32 nsid = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            space.fields(visit);
            visit("nsid", nsid, "the namespace's number; 0: the lowest that is free");
        }
    };
    static Result<std::unique_ptr<NvmeNamespace>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `options` has been checked; `disk` outlives the device.
    NvmeNamespace(const Options& options, backend::BlockDevice& disk)
        : wanted_id_(options.nsid), bootindex_(options.space.bootindex), space_(options.space, disk) {}

    void reset() override {}
    Savable* savable() override { return this; }
    std::optional<bus::Bootable> bootable() const override {
        return bus::Bootable{bus::Bootable::Kind::disk, bootindex_, ""};
    }
    u32 wanted_id() const { return wanted_id_; }
    nvme::Namespace& space() { return space_; }

  private:
    const u32 wanted_id_;
    const std::optional<i32> bootindex_;
    nvme::Namespace space_;
};

/// Namespaces come and go while the machine runs: the controller tells its host.
class NvmeBus final : public bus::Bus {
  public:
    static constexpr const char* kKind = "nvme-bus";

    NvmeBus(EventLoop& io, nvme::Controller& controller) : Bus(kKind), io_(io), controller_(controller) {}

    bool has_free_place() const override { return free_id() != 0; }
    Result<> attach(bus::Device& device, bool hot) override;
    void detach(bus::Device& device) override;
    Result<> request_detach(bus::Device& device, bus::DetachObserver& observer) override;
    std::string place_of(const bus::Device& device) const override;
    std::string firmware_node(const bus::Device& device) const override;
    /// For the controller's own namespace, while it is being made.
    void reserve(u32 id) { reserved_ = id; }

  private:
    bool is_taken(u32 id) const { return id == reserved_ || places_.contains(id); }
    u32 free_id() const;  // 0: none
    u32 id_of(const bus::Device& device) const;

    EventLoop& io_;
    nvme::Controller& controller_;
    std::map<u32, NvmeNamespace*> places_;
    u32 reserved_ = 0;
};

class Nvme final : public bus::pci::Function, private nvme::InterruptPort, private bus::Savable {
  public:
    struct Options {
        bus::pci::FunctionOptions function = {};
        nvme::NamespaceOptions space = {};
        std::string serial = {};
        u32 max_ioqpairs = 64;
        u16 msix_qsize = 65;
        u16 mqes = 0x7ff;
        u8 mdts = 7;
        u8 aerl = 3;
        bool ioeventfd = false;

        template <class Visitor>
        void fields(Visitor& visit) {
            function.fields(visit);
            space.fields(visit);
            visit("serial", serial, "what the guest sees as the serial number, 20 characters at most");
            visit("max_ioqpairs", max_ioqpairs, "pairs of queues for input and output");
            visit("msix_qsize", msix_qsize, "message interrupts");
            visit("mqes", mqes, "the largest number of entries of a queue, counted from 0");
            visit("mdts", mdts, "what a command moves at most: pages of 4 KiB as a power of two, 1 to 10");
            visit("aerl", aerl, "requests for events that may wait, counted from 0");
            visit("ioeventfd", ioeventfd, "accepted, without effect");
        }
    };
    static Result<std::unique_ptr<Nvme>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `options` has been checked; `disk` outlives the device and is its namespace 1, or null. `name` is its bus's.
    Nvme(const Options& options, EventLoop& io, memory::Dma& dma, backend::BlockDevice* disk, const std::string& name);
    ~Nvme() override;

    void reset() override;
    Savable* savable() override { return this; }
    std::span<bus::Bus* const> buses() override { return {&bus_pointer_, 1}; }
    std::optional<bus::Bootable> bootable() const override { return bootable_; }

  private:
    bool config_written(u32 offset, unsigned size) override;
    void config_loaded() override { used_messages_ = msix_enabled(); }
    void quiesce() override { controller_.quiesce(); }
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;
    bool uses_messages() const override { return msix_enabled(); }
    void send_message(u16 vector) override { raise(vector); }
    void set_line(bool level) override { set_intx(level); }

    bool used_messages_ = false;             // when configuration space was last written
    std::optional<bus::Bootable> bootable_;  // its own namespace
    nvme::Controller controller_;
    std::optional<nvme::Namespace> space_;
    NvmeBus bus_;
    bus::Bus* const bus_pointer_ = &bus_;
};

}  // namespace kelvin::device
