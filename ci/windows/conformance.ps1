# SPDX-License-Identifier: MIT
<#
.SYNOPSIS
Runs the conformance suite on this Windows host, against its own DLLs and against the emulator.
.DESCRIPTION
For Windows Server 2019, 2022 and 2025; Windows PowerShell 5.1 or later, as an administrator. Leaves in the output folder:
emulate.tap, emulate.json, real.tap, real.json, real.xml (JUnit), parity.md, host.txt, and traces\ with a trace of each
case. The exit code is that of the run against the host.
.PARAMETER Programs
The folder with hcsconform.exe, hcstrace.exe and the emulator's DLLs.
.PARAMETER Output
The folder for the results; made if it is not there.
.PARAMETER Image
An image that docker or ctr can pull, such as mcr.microsoft.com/windows/nanoserver:ltsc2022. Without one, cases that need
containers are skipped.
.PARAMETER InstallFeatures
Installs Hyper-V and Containers where they are missing, and says when the host has to be restarted first.
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

# The layers of an image, topmost first, as docker keeps them.
function Get-Layers([string]$Name) {
    docker pull $Name | Out-Host
    if ($LASTEXITCODE -ne 0) {
        throw "docker cannot pull $Name"
    }
    $top = docker inspect --format '{{.GraphDriver.Data.dir}}' $Name
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

foreach ($name in @('Hyper-V', 'Containers')) {
    if (Test-Feature $name) {
        continue
    }
    if (-not $InstallFeatures) {
        Write-Host "$name is not installed: cases that need it will fail or be skipped"
        continue
    }
    $result = Install-WindowsFeature -Name $name -IncludeManagementTools
    if ($result.RestartNeeded -eq 'Yes') {
        Write-Host "$name was installed: restart the host, then run this again"
        exit 3
    }
}

$os = Get-CimInstance -ClassName Win32_OperatingSystem
@($os.Caption, $os.Version, "Hyper-V: $(Test-Feature 'Hyper-V')", "Containers: $(Test-Feature 'Containers')") |
    Set-Content -Path (Join-Path $output 'host.txt')

$conform = Join-Path $programs 'hcsconform.exe'

# The emulator first: its results are the other half of the table.
& $conform --library-path $programs --results (Join-Path $output 'emulate.json') |
    Set-Content -Path (Join-Path $output 'emulate.tap')

$arguments = @('--target', 'real',
    '--record', (Join-Path $output 'traces'),
    '--recorder', (Join-Path $programs 'hcstrace.exe'),
    '--results', (Join-Path $output 'real.json'),
    '--junit', (Join-Path $output 'real.xml'),
    '--compare', (Join-Path $output 'emulate.json'),
    '--parity', (Join-Path $output 'parity.md'))
if ($Image -ne '') {
    $arguments += @('--image', (Get-Layers $Image))
}
& $conform @arguments | Set-Content -Path (Join-Path $output 'real.tap')
$code = $LASTEXITCODE
Get-Content -Path (Join-Path $output 'parity.md') -TotalCount 4 | Out-Host
exit $code
