# SPDX-License-Identifier: MIT
<#
.SYNOPSIS
Runs the conformance suite on this Windows host, against its own DLLs and against the emulator.
.DESCRIPTION
For Windows Server 2019, 2022 and 2025; Windows PowerShell 5.1 or later, as an administrator. Leaves in the output folder:
emulate.tap, emulate.json, real.tap, real.json, real.xml (JUnit), parity.md, host.txt, and traces\ with a trace of each
case. The exit code is that of the run against the host: 0 all passed or were skipped, 1 cases failed, 2 the host has no
compute service to ask. 3: features were installed and the host has to be restarted before it is run again.
.PARAMETER Programs
The folder with hcsconform.exe, hcstrace.exe, hcsrecord.dll and the emulator's DLLs: bin of the zip.
.PARAMETER Output
The folder for the results; made if it is not there.
.PARAMETER Image
An image that docker can pull, with its classic storage (windowsfilter), of the host's own version, such as
mcr.microsoft.com/windows/nanoserver:ltsc2022; "auto" for the nanoserver of this host. docker has to be installed.
Without an image, or where it cannot be had, cases that need containers are skipped.
.PARAMETER InstallFeatures
Installs Hyper-V and Containers where they are missing. A host that cannot have Hyper-V goes on without it.
#>
param(
    [Parameter(Mandatory = $true)][string]$Programs,
    [Parameter(Mandatory = $true)][string]$Output,
    [string]$Image = '',
    [switch]$InstallFeatures
)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$programs = (Resolve-Path $Programs).Path
New-Item -ItemType Directory -Force -Path $Output | Out-Null
$output = (Resolve-Path $Output).Path

# Is a feature of Windows Server there?
function Test-Feature([string]$Name) {
    $feature = Get-WindowsFeature -Name $Name
    return ($null -ne $feature) -and $feature.Installed
}

# Installs a feature; is a restart needed before it works? What cannot be installed here is left out.
function Install-Feature([string]$Name) {
    try {
        $result = Install-WindowsFeature -Name $Name -IncludeManagementTools
        return $result.RestartNeeded -eq 'Yes'
    }
    catch {
        Write-Host "$Name cannot be installed here, its cases are skipped: $_"
        return $false
    }
}

# A container without a machine of its own needs an image of its host's build.
function Get-HostImage {
    $tags = @{ 17763 = 'ltsc2019'; 20348 = 'ltsc2022'; 26100 = 'ltsc2025' }
    $build = [Environment]::OSVersion.Version.Build
    if (-not $tags.ContainsKey($build)) {
        throw "no image is known for build $build of Windows: name one with -Image"
    }
    return 'mcr.microsoft.com/windows/nanoserver:' + $tags[$build]
}

# The layers of an image, topmost first, as docker keeps them.
function Get-Layers([string]$Name) {
    docker pull $Name | Out-Host
    if ($LASTEXITCODE -ne 0) {
        throw "docker cannot pull $Name"
    }
    $top = docker inspect --format '{{.GraphDriver.Data.dir}}' $Name
    if (($LASTEXITCODE -ne 0) -or ("$top" -notmatch '^[A-Za-z]:')) {
        throw "docker does not say where the layers of $Name are ($top): it needs the windowsfilter storage"
    }
    $layers = @($top)
    $chain = Join-Path $top 'layerchain.json'
    if (Test-Path $chain) {
        $parents = Get-Content -Raw $chain | ConvertFrom-Json
        if ($null -ne $parents) {
            $layers += $parents
        }
    }
    return ($layers -join ',')
}

# The layers for --image; empty where they cannot be had: the other cases run all the same.
function Get-ImageArgument([string]$Name) {
    try {
        if ($Name -eq 'auto') {
            $Name = Get-HostImage
        }
        if ($null -eq (Get-Command docker -ErrorAction SilentlyContinue)) {
            throw 'docker is not installed'
        }
        return Get-Layers $Name
    }
    catch {
        Write-Host "no image, cases that need one are skipped: $_"
        return ''
    }
}

$restart = $false
foreach ($name in @('Hyper-V', 'Containers')) {
    if (Test-Feature $name) {
        continue
    }
    if (-not $InstallFeatures) {
        Write-Host "$name is not installed: cases that need it are skipped"
    }
    elseif (Install-Feature $name) {
        $restart = $true
    }
}
if ($restart) {
    Write-Host 'features were installed: restart the host, then run this again'
    exit 3
}

$os = Get-CimInstance -ClassName Win32_OperatingSystem
@($os.Caption, $os.Version, "Hyper-V: $(Test-Feature 'Hyper-V')", "Containers: $(Test-Feature 'Containers')") |
    Set-Content -Path (Join-Path $output 'host.txt')

$conform = Join-Path $programs 'hcsconform.exe'

# The emulator first: its results are the other half of the table.
& $conform --library-path $programs --results (Join-Path $output 'emulate.json') |
    Set-Content -Path (Join-Path $output 'emulate.tap')
if ($LASTEXITCODE -ne 0) {
    Write-Host "the emulator does not pass its own suite: exit code $LASTEXITCODE, see emulate.tap"
}

$arguments = @('--target', 'real',
    '--record', (Join-Path $output 'traces'),
    '--recorder', (Join-Path $programs 'hcstrace.exe'),
    '--results', (Join-Path $output 'real.json'),
    '--junit', (Join-Path $output 'real.xml'),
    '--parity', (Join-Path $output 'parity.md'))
if (Test-Path (Join-Path $output 'emulate.json')) {
    $arguments += @('--compare', (Join-Path $output 'emulate.json'))
}
if ($Image -ne '') {
    $layers = Get-ImageArgument $Image
    if ($layers -ne '') {
        $arguments += @('--image', $layers)
    }
}
& $conform @arguments | Set-Content -Path (Join-Path $output 'real.tap')
$code = $LASTEXITCODE
$table = Join-Path $output 'parity.md'
if (Test-Path $table) {
    Get-Content -Path $table -TotalCount 4 | Out-Host
}
exit $code
