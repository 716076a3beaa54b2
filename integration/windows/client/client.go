// SPDX-License-Identifier: MIT

// A client of the DLLs in another language, as hcsshim is one: it knows them by name only, reads whole registers, frees
// what it is given by CoTaskMemFree, has callbacks on threads that are not its own, and reads and writes a process's
// streams through a completion port. Says a line for each step; exit code 1 with the first that goes wrong.
package main

import (
	"strings"
	"syscall"
	"unicode/utf16"
	"unsafe"
)

const (
	pending      = 0xC0370103 // the whole register: nothing above the lower half
	systemExited = 0x1
	created      = 0x2
	started      = 0x3
	processExit  = 0x10000
)

var (
	vmcompute = syscall.NewLazyDLL("vmcompute.dll")
	network   = syscall.NewLazyDLL("computenetwork.dll")
	ole32     = syscall.NewLazyDLL("ole32.dll")
	heard     = make(chan [2]uintptr, 64)
)

func check(what string, ok bool, values ...uintptr) {
	if ok {
		println("ok: " + what)
		return
	}
	print("FAILED: " + what)
	for _, v := range values {
		print(" ", v)
	}
	println()
	syscall.Exit(1)
}

func wide(s string) uintptr {
	p, _ := syscall.UTF16PtrFromString(s)
	return uintptr(unsafe.Pointer(p))
}

// Takes a string of the platform.
func take(p *uint16) string {
	if p == nil {
		return ""
	}
	var units []uint16
	for q := unsafe.Pointer(p); *(*uint16)(q) != 0; q = unsafe.Add(q, 2) {
		units = append(units, *(*uint16)(q))
	}
	ole32.NewProc("CoTaskMemFree").Call(uintptr(unsafe.Pointer(p)))
	return string(utf16.Decode(units))
}

func call(dll *syscall.LazyDLL, name string, args ...uintptr) uintptr {
	r, _, _ := dll.NewProc(name).Call(args...)
	return r
}

func notified(kind uintptr, context uintptr, status uintptr, data uintptr) uintptr {
	heard <- [2]uintptr{kind, status}
	return 0
}

func await(what string, kind uintptr) {
	n := <-heard
	check(what, n[0] == kind && n[1] == 0, n[0], n[1])
}

type processInformation struct {
	id, reserved     uint32
	in, out, errors_ syscall.Handle
}

// One transfer through the completion port that the handle is attached to.
func transfer(port syscall.Handle, start func(*syscall.Overlapped) error) uint32 {
	var n uint32
	var key uintptr
	var mine syscall.Overlapped
	var done *syscall.Overlapped

	if err := start(&mine); err != nil && err != syscall.ERROR_IO_PENDING {
		return 0
	}
	if err := syscall.GetQueuedCompletionStatus(port, &n, (*uint32)(unsafe.Pointer(&key)), &done, 10000); err != nil || done != &mine {
		return 0
	}
	return n
}

func runProcess(system uintptr) {
	var info processInformation
	var process, registration uintptr
	var result *uint16
	buffer := make([]byte, 256)

	hr := call(vmcompute, "HcsCreateProcess", system,
		wide(`{"CommandLine":"cmd","CreateStdInPipe":true,"CreateStdOutPipe":true}`),
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&process)), uintptr(unsafe.Pointer(&result)))
	check("a process is created", hr == 0 && process != 0 && info.in != 0 && info.out != 0 && info.errors_ == 0, hr)
	hr = call(vmcompute, "HcsRegisterProcessCallback", process, syscall.NewCallback(notified), 0, uintptr(unsafe.Pointer(&registration)))
	check("its callback is registered", hr == 0, hr)
	port, err := syscall.CreateIoCompletionPort(info.in, 0, 0, 0)
	check("its input belongs to a completion port", err == nil)
	_, err = syscall.CreateIoCompletionPort(info.out, port, 0, 0)
	check("so does its output", err == nil)
	n := transfer(port, func(o *syscall.Overlapped) error {
		return syscall.WriteFile(info.in, []byte("echo from Go\nexit 7\n"), nil, o)
	})
	check("it is written to", n == 20, uintptr(n))
	text := ""
	for !strings.Contains(text, "from Go") {
		n = transfer(port, func(o *syscall.Overlapped) error { return syscall.ReadFile(info.out, buffer, nil, o) })
		check("it is read from", n > 0)
		text += string(buffer[:n])
	}
	await("it exits", processExit)
	hr = call(vmcompute, "HcsGetProcessProperties", process, uintptr(unsafe.Pointer(&result)), 0)
	text = take(result)
	check("its exit code is 7", hr == 0 && strings.Contains(text, `"ExitCode":7`), hr)
	check("unregistered", call(vmcompute, "HcsUnregisterProcessCallback", registration) == 0)
	check("closed", call(vmcompute, "HcsCloseProcess", process) == 0)
	syscall.CloseHandle(info.in)
	syscall.CloseHandle(info.out)
}

func runSystem() {
	var system, registration uintptr
	var result *uint16

	hr := call(vmcompute, "HcsCreateComputeSystem", wide("go"), wide(`{"Owner":"go","VirtualMachine":{}}`), 0,
		uintptr(unsafe.Pointer(&system)), uintptr(unsafe.Pointer(&result)))
	check("a system is being created", hr == pending && system != 0, hr)
	hr = call(vmcompute, "HcsRegisterComputeSystemCallback", system, syscall.NewCallback(notified), 0, uintptr(unsafe.Pointer(&registration)))
	check("its callback is registered", hr == 0, hr)
	await("it is created", created)
	check("it is being started", call(vmcompute, "HcsStartComputeSystem", system, wide(""), uintptr(unsafe.Pointer(&result))) == pending)
	await("it is started", started)
	hr = call(vmcompute, "HcsStartComputeSystem", system, wide(""), uintptr(unsafe.Pointer(&result)))
	check("a second start is refused with a document", hr == 0xC0370105 && strings.Contains(take(result), "-1070137083"), hr)
	runProcess(system)
	hr = call(vmcompute, "HcsTerminateComputeSystem", system, wide(""), uintptr(unsafe.Pointer(&result)))
	check("it is terminated", hr == 0, hr)
	await("it exits", systemExited)
	check("unregistered", call(vmcompute, "HcsUnregisterComputeSystemCallback", registration) == 0)
	check("closed", call(vmcompute, "HcsCloseComputeSystem", system) == 0)
	hr = call(vmcompute, "HcsCloseComputeSystem", system)
	check("a handle that is closed is refused", hr == 0x80070006, hr)
}

func runNetwork() {
	var handle, endpoint uintptr
	var record, text *uint16
	id := syscall.GUID{Data1: 7}
	other := syscall.GUID{Data1: 8}

	hr := call(vmcompute, "HNSCall", wide("GET"), wide("/globals/version"), wide(""), uintptr(unsafe.Pointer(&text)))
	check("the version of networking", hr == 0 && strings.Contains(take(text), `"Major"`), hr)
	hr = call(network, "HcnCreateNetwork", uintptr(unsafe.Pointer(&id)),
		wide(`{"Name":"go","Type":"NAT","SchemaVersion":{"Major":2,"Minor":0},"Ipams":[{"Subnets":[{"IpAddressPrefix":"10.7.0.0/24","Routes":[{"NextHop":"10.7.0.1","DestinationPrefix":"0.0.0.0/0"}]}]}]}`),
		uintptr(unsafe.Pointer(&handle)), uintptr(unsafe.Pointer(&record)))
	check("a network is created", hr == 0 && handle != 0, hr)
	hr = call(network, "HcnCreateEndpoint", handle, uintptr(unsafe.Pointer(&other)),
		wide(`{"Name":"go","SchemaVersion":{"Major":2,"Minor":0},"HostComputeNetwork":"00000007-0000-0000-0000-000000000000"}`),
		uintptr(unsafe.Pointer(&endpoint)), uintptr(unsafe.Pointer(&record)))
	check("an endpoint is created", hr == 0 && endpoint != 0, hr)
	hr = call(network, "HcnQueryEndpointProperties", endpoint, wide("{}"), uintptr(unsafe.Pointer(&text)), uintptr(unsafe.Pointer(&record)))
	check("it has an address", hr == 0 && strings.Contains(take(text), `"10.7.0.`), hr)
	check("closed", call(network, "HcnCloseEndpoint", endpoint) == 0 && call(network, "HcnCloseNetwork", handle) == 0)
	check("deleted", call(network, "HcnDeleteEndpoint", uintptr(unsafe.Pointer(&other)), uintptr(unsafe.Pointer(&record))) == 0 &&
		call(network, "HcnDeleteNetwork", uintptr(unsafe.Pointer(&id)), uintptr(unsafe.Pointer(&record))) == 0)
	hr = call(network, "HcnDeleteNetwork", uintptr(unsafe.Pointer(&id)), uintptr(unsafe.Pointer(&record)))
	check("and gone, with a record", hr == 0x80070490 && take(record) != "", hr)
}

// What only waits for callbacks looks dead to Go; this one waits for nothing in the system instead.
func stayAlive() {
	event, _, _ := syscall.NewLazyDLL("kernel32.dll").NewProc("CreateEventW").Call(0, 1, 0, 0)
	syscall.WaitForSingleObject(syscall.Handle(event), syscall.INFINITE)
}

func main() {
	go stayAlive()
	runSystem()
	runNetwork()
}
